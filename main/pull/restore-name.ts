/**
 * Restores an image name after a pull of the wrong content. Engines move the name before they check the content: to an
 * image of another platform (all engines), or to a web page (the containerd store). Seen on 20.10, 26.1 and 28.5.
 */
import { parseTag } from '../../model/image/reference.ts'
import {
  inspectImage,
  removeImage,
  tagImage,
  type Engine,
  type EngineSession,
  type ImageInspect,
} from '../engine/index.ts'

export interface RememberedName {
  /**
   * Gives the name back to the image that had it before the pull. If no image had it, removes the name, unless that
   * would delete an older image. Uses no force. Never rejects.
   * @param digest the digest that the engine reported as the result of the pull
   */
  restore(digest: string | undefined): Promise<void>
}

/** Remembers which image a name refers to. Call this right before a pull. */
export async function rememberName(
  imagesOf: Engine['imagesOf'],
  session: EngineSession,
  reference: string,
): Promise<RememberedName> {
  const images = imagesOf(session)
  const idsBefore = images && new Set(images.keys())
  const before = await inspectName(session, reference).catch(() => 'unknown' as const)

  async function restore(digest: string | undefined) {
    // The previous state is unknown while the image list is loading, or if another engine is current.
    if (!idsBefore || before === 'unknown' || before === 'no image') return
    const after = await inspectName(session, reference)
    if (!after || !isFromPull(after, digest) || (after !== 'no image' && after.Id === before?.Id)) return
    // Do not delete an image that existed under another name before the pull.
    const existedBefore = after !== 'no image' && idsBefore.has(after.Id)
    const name = parseTag(reference)
    if (before && name) {
      // If the previous image is gone, keep the pulled one.
      if (!(await tagImage(session, before.Id, name))) return
      if (after !== 'no image' && !existedBefore) await removeImage(session, after.Id, keepParents)
    }
    // Removing the last name would delete an image that existed before the pull.
    else if (!before && (after === 'no image' || !existedBefore || after.RepoTags.length > 1))
      await removeImage(session, reference, keepParents)
  }

  return {
    // Errors are ignored, because the previous image may be gone: the containerd store loses an image whose name moves
    // (26.1 always, 28.5 if the pull fails).
    restore: (digest) => restore(digest).catch(() => undefined),
  }
}

const keepParents = { keepParents: true }

/** Whether the pull moved the name, rather than another client in the meantime. */
const isFromPull = (after: ImageInspect | 'no image', digest: string | undefined) =>
  after === 'no image' ||
  after.Os === '' ||
  (digest !== undefined && [after.Id, ...after.RepoDigests].some((name) => name.endsWith(digest)))

/**
 * @returns undefined if the name does not exist; 'no image' if the name refers to other content, which the containerd
 * store of 26.1 refuses to inspect
 */
async function inspectName(session: EngineSession, reference: string): Promise<ImageInspect | 'no image' | undefined> {
  try {
    return await inspectImage(session, reference)
  } catch (error) {
    if (/neither a manifest or index/.test(String(error))) return 'no image'
    throw error
  }
}
