/** Running an image. */
import * as v from 'valibot'
import type { ContainerId } from '../../model/image/image.ts'
import { restartPolicies, type RunOptions } from '../../model/run/run.ts'
import { call, type } from './define.ts'
import { imageId } from './ids.ts'
import { terminalSize, type TerminalId } from './terminals.ts'

/** Text that the user types, without NUL, which cannot be passed to a program. */
const typedText = v.pipe(
  v.string(),
  v.maxLength(10_000),
  v.check((text) => !text.includes('\0')),
)
const rowsOf = <Row extends v.GenericSchema>(row: Row) => v.pipe(v.array(row), v.maxLength(1000), v.readonly())

const portOptions = v.object({ host: typedText, container: typedText })

const runOptions = v.object({
  image: imageId,
  reference: v.pipe(typedText, v.nonEmpty(), v.maxLength(400)),
  interactive: v.boolean(),
  name: typedText,
  command: typedText,
  ports: rowsOf(portOptions),
  removeAtEnd: v.boolean(),
  volumes: rowsOf(
    v.object({
      source: typedText,
      target: typedText,
      readOnly: v.boolean(),
      selinuxLabel: v.exactOptional(v.boolean()),
    }),
  ),
  environment: rowsOf(v.object({ name: typedText, value: typedText })),
  network: typedText,
  restart: v.picklist(restartPolicies),
  memory: typedText,
  cpus: typedText,
  user: typedText,
  workdir: typedText,
}) satisfies v.GenericSchema<unknown, RunOptions>

/** The options that are suggested for an image, and the image's defaults. */
export interface RunSuggestion {
  /** The suggested options. */
  readonly options: RunOptions
  /** The image's entry point. If there is one, the command becomes its arguments, so no shell is suggested. */
  readonly entrypoint: readonly string[]
  /** The image's default command. */
  readonly command: readonly string[]
  /** The image's default variables, `NAME=value`. */
  readonly environment: readonly string[]
  /** Exposed ports, such as `80/tcp`. */
  readonly exposes: readonly string[]
  /** Folders in the container. The engine creates an anonymous volume for each of them. */
  readonly volumes: readonly string[]
  readonly user: string
  readonly workdir: string
  /** Names of the engine's networks that can be chosen. */
  readonly networks: readonly string[]
  /** Global flags before `run` that make the docker CLI use the same engine. */
  readonly engineFlags: readonly string[]
  /** Whether containers can use a folder only with an SELinux label. */
  readonly needsFolderLabels: boolean
  /** Set if the engine's CPU cannot run the image's platform without emulation. */
  readonly platform?: { readonly image: string; readonly engine: string }
}

/** Whether a port is in use. For a remote engine, only ports published by its containers are known. */
export interface PortState {
  readonly state: 'free' | 'taken' | 'unknown'
  /** The name of the container that uses the port; absent if another program uses the port. */
  readonly by?: string
  /** If the port is taken, the next free one in the same format. */
  readonly next?: string
}

export interface StartedRun {
  readonly container: ContainerId
  /** Set for an interactive run. */
  readonly terminal?: TerminalId
}

export const calls = {
  'run.suggest': call(
    v.object({ image: imageId, reference: v.pipe(typedText, v.nonEmpty(), v.maxLength(400)) }),
    type<RunSuggestion>(),
  ),
  /** Checks ports as the user types them, in their order. An incomplete or automatic port is `unknown`. */
  'run.ports': call(rowsOf(portOptions), type<readonly PortState[]>()),
  /**
   * Creates and starts a container; removes it if the start fails. `size`: that of the terminal of an interactive run.
   */
  'run.start': call(v.object({ options: runOptions, size: v.exactOptional(terminalSize) }), type<StartedRun>()),
  /** Asks the user for a folder, starting at the given one; undefined if the user cancels. */
  'run.chooseFolder': call(v.pipe(v.string(), v.maxLength(4096)), type<string | undefined>()),
}
