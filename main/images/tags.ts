/** Adding a tag to an image. */
import { parseTag } from '../../model/image/reference.ts'
import { fail, ok, type Input, type Result } from '../../preload/contract/index.ts'
import { inspectImage, tagImage, type EngineSession } from '../engine/index.ts'

/** Never takes a tag from an image but from the one that the user was told of, as far as an engine lets that be sure. */
export async function addTag(
  session: EngineSession,
  { image, reference, movesFrom }: Input<'images.tag'>,
): Promise<Result<void>> {
  const parsed = parseTag(reference)
  if (!parsed) return fail({ code: 'bad-input' })
  const name = `${parsed.repository}:${parsed.tag}`
  // Asked of the engine itself: what is known live may be a moment old.
  const holder = await inspectImage(session, name)
  if (holder?.Id === image) return ok(undefined)
  if (holder && holder.Id !== movesFrom) return fail({ code: 'tag-taken', reference: name, image: holder.Id })
  return (await tagImage(session, image, parsed)) ? ok(undefined) : fail({ code: 'image-gone', image })
}
