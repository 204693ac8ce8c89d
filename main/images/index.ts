/** Images: the live list, the details of one image, and its tags. */
import { fail, ok, type Handlers, type ImageDetails } from '../../preload/contract/index.ts'
import { withSession, inspectImage, type Engine } from '../engine/index.ts'
import { detailsOf } from './details.ts'
import { addTag } from './tags.ts'

export function imagesService(engine: Pick<Engine, 'live' | 'session' | 'resync'>) {
  const { live, resync } = engine
  const withEngine = withSession(engine)
  return {
    handlers: {
      'images.snapshot': () => ok(live.snapshot()),
      'images.resync': () => {
        resync()
        return ok(undefined)
      },
      'images.details': (id) =>
        withEngine<ImageDetails>(async (session) => {
          const inspected = await inspectImage(session, id)
          return inspected ? ok(detailsOf(inspected)) : fail({ code: 'image-gone', image: id })
        }),
      'images.findByLabel': (words) => ok(live.findByLabel(words)),
      'images.tag': (request) => withEngine((session) => addTag(session, request)),
    } satisfies Handlers<'images'>,
  }
}
