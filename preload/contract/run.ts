/** Running an image. */
import * as v from 'valibot'
import type { ContainerId } from '../../model/image/image.ts'
import { restartPolicies, type RunWish } from '../../model/run/run.ts'
import { call, type } from './define.ts'
import { imageId } from './ids.ts'
import { terminalSize, type TerminalId } from './terminals.ts'

/** What the user types: no program takes a NUL. */
const typed = v.pipe(
  v.string(),
  v.maxLength(10_000),
  v.check((text) => !text.includes('\0')),
)
const some = <Row extends v.GenericSchema>(row: Row) => v.pipe(v.array(row), v.maxLength(1000), v.readonly())

const portWish = v.object({ host: typed, container: typed })

const runWish = v.object({
  image: imageId,
  reference: v.pipe(typed, v.nonEmpty(), v.maxLength(400)),
  interactive: v.boolean(),
  name: typed,
  command: typed,
  ports: some(portWish),
  removeAtEnd: v.boolean(),
  volumes: some(v.object({ source: typed, target: typed, readOnly: v.boolean() })),
  environment: some(v.object({ name: typed, value: typed })),
  network: typed,
  restart: v.picklist(restartPolicies),
  memory: typed,
  cpus: typed,
  user: typed,
  workdir: typed,
}) satisfies v.GenericSchema<unknown, RunWish>

/** What makes sense for an image at once, and what the image brings along. */
export interface RunSuggestion {
  readonly wish: RunWish
  /** Runs before the command, which becomes its arguments: then no shell is suggested. */
  readonly entrypoint: readonly string[]
  /** The image's own. */
  readonly command: readonly string[]
  /** The image's own, `NAME=value`. */
  readonly environment: readonly string[]
  /** `80/tcp` */
  readonly exposes: readonly string[]
  /** Folders of the image for each of which the engine makes a volume without a name. */
  readonly volumes: readonly string[]
  readonly user: string
  readonly workdir: string
  /** Those of the engine that can be chosen, by name. */
  readonly networks: readonly string[]
  /** What stands between `docker` and `run`, so that Docker's own command reaches the same engine. */
  readonly reach: readonly string[]
  /** Where the image is made for another platform than the engine's. */
  readonly platform?: { readonly image: string; readonly engine: string }
}

/** Whether something else has a port: for an engine elsewhere only its own containers are known. */
export interface PortState {
  readonly state: 'free' | 'taken' | 'unknown'
  /** The container that has it. */
  readonly by?: string
  /** Where it is taken, the next that is free, written in the same way. */
  readonly next?: string
}

export interface StartedRun {
  readonly container: ContainerId
  /** Of an interactive one. */
  readonly terminal?: TerminalId
}

export const calls = {
  'run.suggest': call(
    v.object({ image: imageId, reference: v.pipe(typed, v.nonEmpty(), v.maxLength(400)) }),
    type<RunSuggestion>(),
  ),
  /** For a port as it is typed. What is no port of this computer's is unknown. */
  'run.port': call(portWish, type<PortState>()),
  /** Creates and starts; what cannot be started is removed again, so that the same name can be tried once more. */
  'run.start': call(v.object({ wish: runWish, size: v.exactOptional(terminalSize) }), type<StartedRun>()),
  /** Asks the user for a folder, beginning at one; nothing where they think better of it. */
  'run.chooseFolder': call(v.pipe(v.string(), v.maxLength(4096)), type<string | undefined>()),
}
