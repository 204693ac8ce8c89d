/** The images and containers of the engine, live, and one image's details. */
import * as v from 'valibot'
import type { Container, ContainerId, Image, ImageId } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import { imageId } from './ids.ts'

/** All that is known, as of change number `seq`. */
export interface ImagesSnapshot {
  readonly seq: number
  /** Whether the engine's list was read to its end since the app found this engine. */
  readonly complete: boolean
  readonly images: readonly Image[]
  /** Those known from last time that the engine has not confirmed yet: its list may take a minute. */
  readonly unconfirmed: readonly ImageId[]
  readonly containers: readonly Container[]
  /** Why it is not known which images containers use, in Docker's words; `containers` has those that are known. */
  readonly containersFailure?: string
}

/** What became different between `seq - 1` and `seq`. A window that missed a number asks for the whole. */
export interface ImagesChange {
  readonly seq: number
  readonly complete: boolean
  readonly images: readonly Image[]
  /** Those that the engine now stands by, changed or not. */
  readonly confirmed: readonly ImageId[]
  readonly imagesGone: readonly ImageId[]
  readonly containers: readonly Container[]
  readonly containersGone: readonly ContainerId[]
  /** As in `ImagesSnapshot`; the change has the value as of `seq`. */
  readonly containersFailure?: string
}

export interface ImageDetails {
  readonly id: ImageId
  /** `linux/amd64`, `linux/arm64/v8` */
  readonly platform: string
  /** `repository@digest` */
  readonly digests: readonly string[]
  readonly author: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  /** `NAME=value` */
  readonly environment: readonly string[]
  /** `80/tcp` */
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly workingDirectory: string
  readonly user: string
}

/** `repository:tag` in Docker's grammar is checked by the model before the call, and by the engine after it. */
const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))

export const calls = {
  'images.snapshot': call(v.undefined(), type<ImagesSnapshot>()),
  /** The user is back: what an older engine did not tell of meanwhile is looked for. */
  'images.lookAgain': call(v.undefined(), type<void>()),
  'images.details': call(imageId, type<ImageDetails>()),
  /** For each word, the images with a label, as `name=value`, that holds it; in lower case. */
  'images.labelled': call(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(20)),
    type<readonly (readonly ImageId[])[]>(),
  ),
  /** Adds a tag to an image. A name that another image carries moves only where the user was told: `movesFrom`. */
  'images.tag': call(v.object({ image: imageId, reference, movesFrom: v.exactOptional(imageId) }), type<void>()),
}
export const events = { 'images.changed': event<ImagesChange>() }
