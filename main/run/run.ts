/**
 * Runs an image: creates a container, attaches to it if interactive, and starts it. If this fails, removes the
 * container.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { restartCommand } from '../../model/engine/commands.ts'
import { hostPortText, parseContainerPort, parseHostPort } from '../../model/run/port.ts'
import { runsOn } from '../../model/image/platform.ts'
import type { RunOptions } from '../../model/run/run.ts'
import { validateRunOptions } from '../../model/run/faults.ts'
import { runRequest } from '../../model/run/request.ts'
import { findFreeName, findFreePort } from '../../model/run/suggestion.ts'
import { shellQuote, splitShellWords } from '../../model/text/shell.ts'
import { fail, ok, type Failure, type Result, type Terminal } from '../../preload/contract/index.ts'
import {
  attachTo,
  createContainer,
  EngineError,
  inspectContainer,
  inspectImage,
  removeContainer,
  startContainer,
  stopContainer,
  type EngineSession,
  type TerminalStream,
} from '../engine/index.ts'
import type { MountPermissions } from './mounts.ts'
import { readPublishedPorts } from './ports.ts'
import { toRunFailure } from './engine-errors.ts'
import { folderLabelFailure } from './selinux.ts'
import type { ImageShells } from './shells.ts'

interface Needs {
  readonly session: EngineSession
  /** Whether the engine publishes its ports on this computer. */
  readonly local: boolean
  /** The names of existing containers. */
  readonly takenNames: ReadonlySet<string>
  readonly shells: ImageShells
  readonly mounts: Pick<MountPermissions, 'refusal'>
}

/** A running container and, if the container is interactive, its attached stream for a terminal. */
export interface StartedContainer {
  readonly container: string
  readonly attached?: {
    readonly session: EngineSession
    readonly info: Pick<Terminal, 'container' | 'name' | 'reference' | 'kind' | 'command'>
    readonly stream: TerminalStream
    /** Output already read from the stream. */
    readonly initialOutput: Buffer<ArrayBuffer> | undefined
  }
}

export async function runImage(needs: Needs, options: RunOptions): Promise<Result<StartedContainer, Failure>> {
  const { session } = needs
  const enginePlatform = session.capabilities.platform
  // No names are passed: the engine checks for taken names itself, and the live list may be a moment old.
  const [fault] = validateRunOptions(options, [])
  if (fault) return fail({ code: 'run-fault', field: fault.field, fault })
  const mountFailure = await needs.mounts.refusal(session, options)
  if (mountFailure) return fail(mountFailure)
  // After the question, which names the tag: the tag may have been moved to another image while it was open.
  const image = await inspect(session, options.reference)
  if (image?.id !== options.image) return fail(await referenceFailure(session, options))
  const labelFailure = session.context.local ? await folderLabelFailure(options) : undefined
  if (labelFailure) return fail(labelFailure)
  const needsEmulation = !runsOn(image.platform, enginePlatform)

  let container: string | undefined
  let terminalStream: TerminalStream | undefined
  try {
    container = await createContainer(session, { ...runRequest(options) })
    const info = await terminalInfo(session, container, options)
    if (options.interactive || needsEmulation)
      terminalStream = await attachTo(session, container, {
        tty: options.interactive,
        stdin: options.interactive,
        started: false,
      })
    await startContainer(session, container)
    const initialOutput = terminalStream && needsEmulation ? await readInitialOutput(terminalStream) : undefined
    if (initialOutput && (await hasWrongPlatform(session, container, initialOutput))) {
      await discard(session, container, terminalStream)
      return fail({ code: 'image-platform', field: 'reference', platform: image.platform, engine: enginePlatform })
    }
    if (!options.interactive || !terminalStream) {
      terminalStream?.stopWaitingForExit()
      terminalStream?.stream.destroy()
      return ok({ container })
    }
    return ok({ container, attached: { session, info, stream: terminalStream, initialOutput } })
  } catch (error) {
    await discard(session, container, terminalStream)
    if (!(error instanceof EngineError) || error.status === undefined) throw error
    const failure = toRunFailure(error.message, options)
    if (failure.code === 'program-format' && needsEmulation)
      return fail({ code: 'image-platform', field: 'reference', platform: image.platform, engine: enginePlatform })
    if (failure.code === 'firewall-rules-lost') {
      const restart = restartCommand(session.context.kind)
      return fail({ ...failure, ...(restart !== undefined && { restart }) })
    }
    return fail(await withSuggestion(failure, options, { ...needs, entrypoint: image.entrypoint }))
  }
}

async function inspect(session: EngineSession, name: string) {
  const inspected = await inspectImage(session, name)
  if (!inspected) return undefined
  const { Id, Os, Architecture, Config } = inspected
  return { id: Id, platform: `${Os}/${Architecture}`, entrypoint: Config.Entrypoint }
}

async function referenceFailure(session: EngineSession, { image, reference }: RunOptions): Promise<Failure> {
  if (!(await inspect(session, image))) return { code: 'image-gone', image }
  return { code: 'reference-moved', field: 'reference', reference }
}

async function terminalInfo(session: EngineSession, container: string, { name, reference, command }: RunOptions) {
  const inspected = await inspectContainer(session, container)
  return {
    container,
    name: inspected?.Name.replace(/^\//, '') ?? (name || container.slice(0, 12)),
    reference,
    kind: 'attach' as const,
    command: inspected ? [inspected.Path, ...inspected.Args].map(shellQuote).join(' ') : command,
  }
}

/** Without an emulator, the program of an image for another processor ends well within this time. */
const emulatorTimeoutMs = 3000
/** The error is a single line, so a program that has written more is running. */
const maxErrorBytes = 4000

/** Reads output until the stream closes, the output is longer than an error, or the timeout passes. */
async function readInitialOutput({ stream }: TerminalStream): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  const finished = Promise.withResolvers<void>()
  const onData = (bytes: Buffer) => {
    chunks.push(bytes)
    if (chunks.reduce((sum, { length }) => sum + length, 0) < maxErrorBytes) return
    stream.pause()
    finished.resolve()
  }
  if (stream.closed) finished.resolve()
  stream.once('close', () => finished.resolve())
  stream.on('data', onData)
  await Promise.race([finished.promise, delay(emulatorTimeoutMs, undefined, { ref: false })])
  stream.pause()
  stream.off('data', onData)
  return Buffer.concat(chunks)
}

async function hasWrongPlatform(session: EngineSession, container: string, initialOutput: Buffer): Promise<boolean> {
  if (initialOutput.includes('exec format error')) return true
  // With a restart policy, the engine keeps restarting the container.
  return initialOutput.length === 0 && (await inspectContainer(session, container))?.State.Status === 'restarting'
}

/** Removes the container that this run created. */
async function discard(
  session: EngineSession,
  container: string | undefined,
  terminalStream: TerminalStream | undefined,
) {
  terminalStream?.stopWaitingForExit()
  terminalStream?.stream.destroy()
  // Stop the container first, since a restart policy may have restarted it. With `--rm` it may already be removed.
  if (container === undefined) return
  await stopContainer(session, container, 0).catch(() => undefined)
  await removeContainer(session, container, { volumes: true }).catch(() => undefined)
}

/** Adds a suggestion to a failure: a free name, the next free port, or another shell. Needs requests to the engine. */
async function withSuggestion(
  failure: Failure,
  options: RunOptions,
  needs: Needs & { readonly entrypoint: readonly string[] },
): Promise<Failure> {
  switch (failure.code) {
    case 'container-name-taken':
      return { ...failure, suggestion: findFreeName(options.name, new Set([...needs.takenNames, options.name])) }
    case 'port-taken': {
      const { host, container } = options.ports[failure.row]!
      const [requestedPort, protocol] = [parseHostPort(host)!, parseContainerPort(container)!.protocol]
      const ports = await readPublishedPorts(needs.session, needs.local)
      const dialogPorts = options.ports.map(({ host }) => parseHostPort(host)?.port)
      const next = await findFreePort(
        requestedPort,
        async (port) => !dialogPorts.includes(port.port) && (await ports.isFree(port, protocol)),
      )
      return { ...failure, ...(next && { next: hostPortText(next) }) }
    }
    case 'command-missing': {
      // The missing program is the entry point; a shell would only become its argument.
      if (needs.entrypoint.length > 0) return failure
      const currentCommand = splitShellWords(options.command)?.join(' ') ?? ''
      const shells = await needs.shells.find(needs.session, options.image).catch(() => [])
      const next = shells.find((shell) => shell.join(' ') !== currentCommand)
      return { ...failure, ...(next && { next: next.map(shellQuote).join(' ') }) }
    }
    default:
      return failure
  }
}
