/** Running an image: what makes sense for it, which ports are free, and the container that comes of it. */
import { ok, type Failure, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import type { ImageId } from '../../model/image/image.ts'
import type { RunWish } from '../../model/run/run.ts'
import { asking, type Engine } from '../engine/index.ts'
import { openPorts, portState } from './ports.ts'
import { runImage, type Started } from './run.ts'
import { imageShells } from './shells.ts'
import { suggestion } from './suggest.ts'

interface Needs {
  readonly engine: Pick<Engine, 'docker' | 'state' | 'facts' | 'live' | 'failure' | 'flags'>
  readonly details: (image: ImageId) => Result<ImageDetails> | Promise<Result<ImageDetails>>
  readonly chooseFolder: (now: string) => Promise<string | undefined>
}

export function runService({ engine, details, chooseFolder }: Needs) {
  const ask = asking(engine)
  const shells = imageShells()
  const names = () => new Set([...engine.live.containers().values()].map(({ name }) => name))
  const here = () => engine.state().context?.endpoint.startsWith('unix://') ?? false
  const platform = () => engine.facts()?.platform

  return {
    start: (wish: RunWish): Promise<Result<Started, Failure>> =>
      ask((docker) => runImage({ docker, here: here(), enginePlatform: platform(), names: names(), shells }, wish)),
    handlers: {
      'run.suggest': ({ image, reference }) =>
        ask(async (docker) => {
          const known = await details(image)
          if (!known.ok) return known
          const about = {
            image,
            reference,
            details: known.value,
            enginePlatform: platform(),
            names: names(),
            reach: engine.flags(),
          }
          return ok(await suggestion(docker, shells, await openPorts(docker, here()), about))
        }),
      'run.port': (port) => ask(async (docker) => ok(await portState(await openPorts(docker, here()), port))),
      'run.chooseFolder': async (now) => ok(await chooseFolder(now)),
    } satisfies Omit<Handlers<'run'>, 'run.start'>,
  }
}
