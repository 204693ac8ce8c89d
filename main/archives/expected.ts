/** Finds out from the engine what a complete archive of an image must contain. */
import type { ExpectedArchive } from '../../model/archives/problems.ts'
import type { ImageId, Reference } from '../../model/image/image.ts'
import { platformName } from '../../model/image/platform.ts'
import { inspectImage, listImages, type EngineSession } from '../engine/index.ts'

/** @returns undefined if the image does not exist */
export async function expectedArchive(
  session: EngineSession,
  image: ImageId,
  references: readonly Reference[],
  signal: AbortSignal,
): Promise<ExpectedArchive | undefined> {
  const inspected = await inspectImage(session, image, { manifests: true, signal })
  if (!inspected) return undefined
  const { Os, Architecture, Variant, Manifests } = inspected
  return {
    ...{ image, references },
    platform: platformName({ os: Os, architecture: Architecture, variant: Variant }),
    ...(Manifests && {
      manifests: Manifests.filter(({ Kind, Available }) => Kind === 'image' && Available).map(({ ID }) => ID),
    }),
  }
}

/**
 * Whether an image exists and is complete. The containerd store can inspect an incomplete image: 28.5 returns
 * `Available: false`, 26.1 omits the image from the list (tested).
 */
export async function isUsable(
  session: EngineSession,
  image: ImageId,
  references: readonly Reference[],
): Promise<boolean> {
  const inspected = await inspectImage(session, image, { manifests: true })
  if (!inspected) return false
  if (inspected.Manifests) return inspected.Manifests.some(({ Kind, Available }) => Kind === 'image' && Available)
  // The request is filtered, because the containerd store takes milliseconds for each image in the list.
  const filters = references[0] === undefined ? { dangling: ['true'] } : { reference: [references[0]] }
  return (await listImages(session, { filters })).some(({ id }) => id === image)
}
