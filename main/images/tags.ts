/** Adds tags to images. */
import { parseTag } from '../../model/image/reference.ts'
import { fail, ok, type Input, type Result } from '../../preload/contract/index.ts'
import { inspectImage, tagImage, type EngineSession } from '../engine/index.ts'

/**
 * Adds a tag to an image. Fails with `tag-taken` if an image other than `movesFrom` has the tag. The engine has no
 * atomic check, so a tag that is added at the same moment may still be moved.
 */
export async function addTag(
  session: EngineSession,
  { image, reference, movesFrom }: Input<'images.tag'>,
): Promise<Result<void>> {
  const parsed = parseTag(reference)
  if (!parsed) return fail({ code: 'bad-input' })
  const name = `${parsed.repository}:${parsed.tag}`
  // Asks the engine which image has the tag, since the live state may be slightly out of date.
  const holder = await inspectImage(session, name)
  if (holder?.Id === image) return ok(undefined)
  if (holder && holder.Id !== movesFrom) return fail({ code: 'tag-taken', reference: name, image: holder.Id })
  return (await tagImage(session, image, parsed)) ? ok(undefined) : fail({ code: 'image-gone', image })
}
