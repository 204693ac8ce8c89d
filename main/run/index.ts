/** Running an image: what makes sense for it, which ports are free, and the container that comes of it. */
import { ok, type Failure, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import type { ImageId } from '../../model/image/image.ts'
import type { RunWish } from '../../model/run/run.ts'
import { asking, type Engine, type EngineSession } from '../engine/index.ts'
import { openPorts, portState } from './ports.ts'
import { runImage, type Started } from './run.ts'
import { imageShells } from './shells.ts'
import { suggestion } from './suggest.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session' | 'live' | 'flags'>
  readonly details: (image: ImageId) => Result<ImageDetails> | Promise<Result<ImageDetails>>
  readonly chooseFolder: (now: string) => Promise<string | undefined>
}

export function runService({ engine, details, chooseFolder }: Needs) {
  const ask = asking(engine)
  const shells = imageShells()
  const names = () => new Set([...engine.live.containers().values()].map(({ name }) => name))
  const ports = (session: EngineSession) => openPorts(session, isHere(session))

  return {
    start: (wish: RunWish): Promise<Result<Started, Failure>> =>
      ask((session) => runImage({ session, here: isHere(session), names: names(), shells }, wish)),
    handlers: {
      'run.suggest': ({ image, reference }) =>
        ask(async (session) => {
          const known = await details(image)
          if (!known.ok) return known
          const about = {
            image,
            reference,
            details: known.value,
            names: names(),
            reach: engine.flags(),
          }
          return ok(await suggestion(session, shells, await ports(session), about))
        }),
      'run.port': (port) => ask(async (session) => ok(await portState(await ports(session), port))),
      'run.chooseFolder': async (now) => ok(await chooseFolder(now)),
    } satisfies Omit<Handlers<'run'>, 'run.start'>,
  }
}

/** Whether the engine's ports are this computer's. */
const isHere = ({ context }: EngineSession) => context.endpoint.startsWith('unix://')
