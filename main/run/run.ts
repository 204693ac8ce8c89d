/** An image is run: a container created, attached to where it is interactive, started; or removed again. */
import { setTimeout as delay } from 'node:timers/promises'
import { hostPortText, parseContainerPort, parseHostPort } from '../../model/run/port.ts'
import { runsOn } from '../../model/image/platform.ts'
import type { RunWish } from '../../model/run/run.ts'
import { runFaults } from '../../model/run/faults.ts'
import { runRequest } from '../../model/run/request.ts'
import { freeName, nextFree } from '../../model/run/suggestion.ts'
import { quoted, shellWords } from '../../model/text/shell.ts'
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
  type Line,
} from '../engine/index.ts'
import { openPorts } from './ports.ts'
import { refusal } from './refusals.ts'
import type { ImageShells } from './shells.ts'

interface Needs {
  readonly session: EngineSession
  /** The engine's ports are this computer's. */
  readonly here: boolean
  readonly names: ReadonlySet<string>
  readonly shells: ImageShells
}

/** A container that runs; an interactive one with its program's input and output, for a terminal. */
export interface Started {
  readonly container: string
  readonly attached?: {
    readonly session: EngineSession
    readonly about: Pick<Terminal, 'container' | 'name' | 'reference' | 'kind' | 'command'>
    readonly line: Line
    /** What it has said already. */
    readonly said: Buffer<ArrayBuffer> | undefined
  }
}

export async function runImage(needs: Needs, wish: RunWish): Promise<Result<Started, Failure>> {
  const { session } = needs
  const engine = session.capabilities.platform
  // Which names are taken the engine knows better: what is known live may be a moment old.
  const [fault] = runFaults(wish, [])
  if (fault) return fail({ code: 'run-fault', field: fault.field, fault })
  const image = await look(session, wish.reference)
  if (image?.id !== wish.image) return fail(await moved(session, wish))
  const foreign = !runsOn(image.platform, engine)

  let container: string | undefined
  let line: Line | undefined
  try {
    container = await createContainer(session, { ...runRequest(wish) })
    const known = await about(session, container, wish)
    if (wish.interactive || foreign)
      line = await attachTo(session, container, { tty: wish.interactive, stdin: wish.interactive, started: false })
    await startContainer(session, container)
    const said = line && foreign ? await firstWords(line) : undefined
    if (said && (await cannotRun(session, container, said))) {
      await discard(session, container, line)
      return fail({ code: 'image-platform', field: 'reference', platform: image.platform, engine })
    }
    if (!wish.interactive || !line) {
      line?.leave()
      line?.stream.destroy()
      return ok({ container })
    }
    return ok({ container, attached: { session, about: known, line, said } })
  } catch (error) {
    await discard(session, container, line)
    if (!(error instanceof EngineError) || error.status === undefined) throw error
    return fail(await enriched(refusal(error.message, wish), wish, { ...needs, entrypoint: image.entrypoint }))
  }
}

async function look(session: EngineSession, name: string) {
  const found = await inspectImage(session, name)
  if (!found) return undefined
  const { Id, Os, Architecture, Config } = found
  return { id: Id, platform: `${Os}/${Architecture}`, entrypoint: Config.Entrypoint }
}

async function moved(session: EngineSession, { image, reference }: RunWish): Promise<Failure> {
  if (!(await look(session, image))) return { code: 'image-gone', image }
  return { code: 'reference-moved', field: 'reference', reference }
}

async function about(session: EngineSession, container: string, { name, reference, command }: RunWish) {
  const found = await inspectContainer(session, container)
  return {
    container,
    name: found?.Name.replace(/^\//, '') ?? (name || container.slice(0, 12)),
    reference,
    kind: 'attach' as const,
    command: found ? [found.Path, ...found.Args].map(quoted).join(' ') : command,
  }
}

/** Nothing runs that is made for another processor, unless it is emulated: what cannot run has ended by then. */
const emulatorStarts = 3000
/** An error is a line: who says more runs. */
const longestError = 4000

/** What it says until it ends, or is seen to go on. */
async function firstWords({ stream }: Line): Promise<Buffer<ArrayBuffer>> {
  const heard: Buffer[] = []
  const seen = Promise.withResolvers<void>()
  const listen = (bytes: Buffer) => {
    heard.push(bytes)
    if (heard.reduce((sum, { length }) => sum + length, 0) < longestError) return
    stream.pause()
    seen.resolve()
  }
  if (stream.closed) seen.resolve()
  stream.once('close', () => seen.resolve())
  stream.on('data', listen)
  await Promise.race([seen.promise, delay(emulatorStarts, undefined, { ref: false })])
  stream.pause()
  stream.off('data', listen)
  return Buffer.concat(heard)
}

async function cannotRun(session: EngineSession, container: string, said: Buffer): Promise<boolean> {
  if (said.includes('exec format error')) return true
  // With a restart policy the engine tries for ever.
  return said.length === 0 && (await inspectContainer(session, container))?.State.Status === 'restarting'
}

/** It is ours, and has done nothing yet. */
async function discard(session: EngineSession, container: string | undefined, line: Line | undefined) {
  line?.leave()
  line?.stream.destroy()
  // It may be started again and again; and with `--rm` the engine is faster.
  if (container === undefined) return
  await stopContainer(session, container, 0).catch(() => undefined)
  await removeContainer(session, container, { volumes: true }).catch(() => undefined)
}

/** With the next step that only a look at the engine can tell. */
async function enriched(
  failure: Failure,
  wish: RunWish,
  needs: Needs & { readonly entrypoint: readonly string[] },
): Promise<Failure> {
  switch (failure.code) {
    case 'container-name-taken':
      return { ...failure, suggestion: freeName(wish.name, new Set([...needs.names, wish.name])) }
    case 'port-taken': {
      const { host, container } = wish.ports[failure.row]!
      const [wanted, protocol] = [parseHostPort(host)!, parseContainerPort(container)!.protocol]
      const ports = await openPorts(needs.session, needs.here)
      const others = wish.ports.map(({ host }) => parseHostPort(host)?.port)
      const next = await nextFree(
        wanted,
        async (port) => !others.includes(port.port) && (await ports.isFree(port, protocol)),
      )
      return { ...failure, ...(next && { next: hostPortText(next) }) }
    }
    case 'command-missing': {
      // It is the entry point that is missing: a shell would only be told to it.
      if (needs.entrypoint.length > 0) return failure
      const tried = shellWords(wish.command)?.join(' ') ?? ''
      const shells = await needs.shells.of(needs.session, wish.image).catch(() => [])
      const next = shells.find((shell) => shell.join(' ') !== tried)
      return { ...failure, ...(next && { next: next.map(quoted).join(' ') }) }
    }
    default:
      return failure
  }
}
