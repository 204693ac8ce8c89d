/** Images: the live list, what one image is made for, and its tags. */
import * as v from 'valibot'
import { fail, ok, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import { statusOf, type Engine } from '../engine/index.ts'
import { imageDetails } from './details.ts'
import { tagImage } from './tags.ts'

type Needs = Pick<Engine, 'live' | 'docker' | 'failure' | 'lookAgain'>

export function imagesService({ live, docker, failure, lookAgain }: Needs) {
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
      'images.labelled': (words) => ok(live.labelled(words)),
      'images.tag': async (wish) => {
        const engine = docker()
        return engine.ok ? tagImage(engine.value, wish, failure) : engine
      },
    } satisfies Handlers<'images'>,
  }
}
