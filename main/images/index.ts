/** Images: the live list, the details of one image, and its tags. */
import { fail, ok, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import { withSession, inspectImage, type Engine, type EngineSession } from '../engine/index.ts'
import type { ImageId } from '../../model/image/image.ts'
import { detailsOf } from './details.ts'
import { addTag } from './tags.ts'

export function imagesService(engine: Pick<Engine, 'live' | 'session' | 'resync'>) {
  const { live, resync } = engine
  const withEngine = withSession(engine)
  async function details(session: EngineSession, id: ImageId): Promise<Result<ImageDetails>> {
    const inspected = await inspectImage(session, id)
    return inspected ? ok(detailsOf(inspected)) : fail({ code: 'image-gone', image: id })
  }
  return {
    details,
    handlers: {
      'images.snapshot': () => ok(live.snapshot()),
      'images.resync': () => {
        resync()
        return ok(undefined)
      },
      'images.details': (id) => withEngine((session) => details(session, id)),
      'images.findByLabel': (words) => ok(live.findByLabel(words)),
      'images.tag': (request) => withEngine((session) => addTag(session, request)),
    } satisfies Handlers<'images'>,
  }
}
