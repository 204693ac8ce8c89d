/** The live list of the engine's images and containers, and the details of an image. */
import * as v from 'valibot'
import type { Container, ContainerId, Image, ImageId } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import { imageId } from './ids.ts'

/** The complete state as of change number `seq`. */
export interface ImagesSnapshot {
  readonly seq: number
  /** Whether the engine's list has been read completely since the app connected. */
  readonly complete: boolean
  readonly images: readonly Image[]
  /** Cached images that the engine has not confirmed yet. Reading the engine's list may take a minute. */
  readonly unconfirmed: readonly ImageId[]
  readonly containers: readonly Container[]
  /** Why the list of containers is incomplete, in the engine's words. `containers` has those that could be read. */
  readonly containersFailure?: string
}

/** The difference between `seq - 1` and `seq`. A window that missed a number requests a snapshot. */
export interface ImagesChange {
  readonly seq: number
  readonly complete: boolean
  readonly images: readonly Image[]
  /** Images that the engine has now confirmed, changed or not. */
  readonly confirmed: readonly ImageId[]
  readonly imagesGone: readonly ImageId[]
  readonly containers: readonly Container[]
  readonly containersGone: readonly ContainerId[]
  /** As in `ImagesSnapshot`, with the value as of `seq`. */
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

/** `repository:tag`. Main checks the grammar (`parseTag`) and fails with `bad-input`. */
const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))

export const calls = {
  'images.snapshot': call(v.undefined(), type<ImagesSnapshot>()),
  /**
   * Retries failed requests to the engine and, if the engine does not report every change, reads the whole list again.
   * Call this when the user returns to the window.
   */
  'images.resync': call(v.undefined(), type<void>()),
  'images.details': call(imageId, type<ImageDetails>()),
  /** For each word, the images with a label whose text `name=value` contains the word, ignoring case. */
  'images.findByLabel': call(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(20)),
    type<readonly (readonly ImageId[])[]>(),
  ),
  /**
   * Adds a tag to an image. A tag of another image moves only if `movesFrom`, which the user confirmed, is that image.
   */
  'images.tag': call(v.object({ image: imageId, reference, movesFrom: v.exactOptional(imageId) }), type<void>()),
}
export const events = { 'images.changed': event<ImagesChange>() }
