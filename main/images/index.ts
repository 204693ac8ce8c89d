/** Images: the live list, and what one image is made for. */
import * as v from 'valibot'
import { fail, ok, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import { statusOf, type Engine } from '../engine/index.ts'
import { imageDetails } from './details.ts'

export function imagesService({ live, docker, lookAgain }: Pick<Engine, 'live' | 'docker' | 'lookAgain'>) {
  return {
    handlers: {
      'images.snapshot': () => ok(live.snapshot()),
      'images.lookAgain': () => {
        lookAgain()
        return ok(undefined)
      },
      'images.details': async (id): Promise<Result<ImageDetails>> => {
        const engine = docker()
        if (!engine.ok) return engine
        try {
          return ok(v.parse(imageDetails, await engine.value.getImage(id).inspect()))
        } catch (error) {
          if (statusOf(error) === 404) return fail({ code: 'image-gone', image: id })
          throw error
        }
      },
    } satisfies Handlers<'images'>,
  }
}
