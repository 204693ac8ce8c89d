/** What an archive of an image has to hold, as the engine says it. */
import type { ExpectedArchive } from '../../model/archives/problems.ts'
import type { ImageId, Reference } from '../../model/image/image.ts'
import { platformName } from '../../model/image/platform.ts'
import { inspectImage, listImageIds, type EngineSession } from '../engine/index.ts'

/** @returns undefined if the image is gone */
export async function expectedArchive(
  session: EngineSession,
  image: ImageId,
  references: readonly Reference[],
  signal: AbortSignal,
): Promise<ExpectedArchive | undefined> {
  const found = await inspectImage(session, image, { manifests: true, signal })
  if (!found) return undefined
  const { Os, Architecture, Variant, Manifests } = found
  return {
    ...{ image, references },
    platform: platformName({ os: Os, architecture: Architecture, variant: Variant }),
    ...(Manifests && {
      manifests: Manifests.filter(({ Kind, Available }) => Kind === 'image' && Available).map(({ ID }) => ID),
    }),
  }
}

/**
 * Whether an image is there and can be used. A broken image of the containerd store still answers an inspect: 28.5 says
 * `Available: false`, 26.1 leaves it out of the list (tried).
 */
export async function isUsable(
  session: EngineSession,
  image: ImageId,
  references: readonly Reference[],
): Promise<boolean> {
  const found = await inspectImage(session, image, { manifests: true })
  if (!found) return false
  if (found.Manifests) return found.Manifests.some(({ Kind, Available }) => Kind === 'image' && Available)
  // The containerd store takes milliseconds for each image that it lists, so only this one is asked for.
  const filters = references[0] === undefined ? { dangling: ['true'] } : { reference: [references[0]] }
  return (await listImageIds(session, filters)).includes(image)
}
