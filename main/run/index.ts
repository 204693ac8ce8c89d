/** Runs images: suggests options for an image, checks ports, and creates and starts the container. */
import { ok, type Failure, type Handlers, type ImageDetails, type Result } from '../../preload/contract/index.ts'
import { otherHost } from '../../model/engine/kind.ts'
import type { ImageId } from '../../model/image/image.ts'
import type { RunOptions } from '../../model/run/run.ts'
import { withSession, type Engine, type EngineSession } from '../engine/index.ts'
import { mountPermissions, type MountQuestion } from './mounts.ts'
import { readPublishedPorts, portState } from './ports.ts'
import { runImage, type StartedContainer } from './run.ts'
import { imageShells } from './shells.ts'
import { suggestOptions } from './suggest.ts'

interface Needs {
  readonly engine: Pick<Engine, 'session' | 'live' | 'flags'>
  readonly details: (session: EngineSession, image: ImageId) => Promise<Result<ImageDetails>>
  readonly chooseFolder: (current: string) => Promise<string | undefined>
  readonly allowsFolders: (question: MountQuestion) => Promise<boolean | 'busy'>
}

export function runService({ engine, details, chooseFolder, allowsFolders }: Needs) {
  const withEngine = withSession(engine)
  const shells = imageShells()
  const mounts = mountPermissions({ chooseFolder, allowsFolders })
  const containerNames = () => new Set([...engine.live.containers().values()].map(({ name }) => name))
  const readPorts = (session: EngineSession) => readPublishedPorts(session, isLocal(session))

  return {
    start: (options: RunOptions): Promise<Result<StartedContainer, Failure>> =>
      withEngine((session) =>
        runImage({ session, local: isLocal(session), takenNames: containerNames(), shells, mounts }, options),
      ),
    handlers: {
      'run.suggest': ({ image, reference }) =>
        withEngine(async (session) => {
          // Read before the first `await`: afterwards the window may show another engine.
          const shown = { takenNames: containerNames(), engineFlags: engine.flags() }
          const imageDetails = await details(session, image)
          if (!imageDetails.ok) return imageDetails
          const target = { image, reference, details: imageDetails.value, ...shown }
          return ok(await suggestOptions(session, shells, await readPorts(session), target))
        }),
      'run.ports': (rows) =>
        withEngine(async (session) => {
          const ports = await readPorts(session)
          return ok(await Promise.all(rows.map((row) => portState(ports, row))))
        }),
      'run.chooseFolder': async (current) => ok(await mounts.chooseFolder(current)),
    } satisfies Omit<Handlers<'run'>, 'run.start'>,
  }
}

export type { MountQuestion } from './mounts.ts'

/** Whether the engine publishes its ports on this computer. Those in a virtual machine on this computer do. */
const isLocal = ({ context }: EngineSession) => otherHost(context.kind) === undefined
