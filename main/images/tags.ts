/** Adding a tag to an image. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import type { ImageId } from '../../model/image/image.ts'
import { parseReference } from '../../model/image/reference.ts'
import { fail, ok, type Input, type Result } from '../../preload/contract/index.ts'
import { id, statusOf, type Engine } from '../engine/index.ts'

const identified = v.object({ Id: id })

/** Never takes a tag from an image but from the one that the user was told of, as far as an engine lets that be sure. */
export async function tagImage(
  docker: Docker,
  { image, reference, movesFrom }: Input<'images.tag'>,
  failure: Engine['failure'],
): Promise<Result<void>> {
  const parsed = parseReference(reference)
  if (!parsed) return fail({ code: 'bad-input' })
  const { repository, tag } = parsed
  const name = `${repository}:${tag}`
  try {
    const holder = await idOf(docker, name)
    if (holder === image) return ok(undefined)
    if (holder && holder !== movesFrom) return fail({ code: 'tag-taken', reference: name, image: holder })
    await docker.getImage(image).tag({ repo: repository, tag })
    return ok(undefined)
  } catch (error) {
    return fail(statusOf(error) === 404 ? { code: 'image-gone', image } : failure(error))
  }
}

/** Asked of the engine itself: what is known live may be a moment old. */
async function idOf(docker: Docker, name: string): Promise<ImageId | undefined> {
  try {
    return v.parse(identified, await docker.getImage(name).inspect()).Id
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}
