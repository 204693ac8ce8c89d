/** An image is run: a container created, attached to where it is interactive, started; or removed again. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import * as v from 'valibot'
import { hostPortText, parseContainerPort, parseHostPort } from '../../model/port.ts'
import { runsOn } from '../../model/platform.ts'
import type { RunWish } from '../../model/run.ts'
import { runFaults } from '../../model/run-faults.ts'
import { runRequest } from '../../model/run-request.ts'
import { freeName, nextFree } from '../../model/run-suggestion.ts'
import { quoted, shellWords } from '../../model/shell.ts'
import { fail, ok, type Failure, type Result, type StartedRun } from '../../preload/contract/index.ts'
import { id, statusOf, text } from '../engine/index.ts'
import { inspect } from './about.ts'
import { attachTo, type Line, type Size } from './lines.ts'
import { openPorts } from './ports.ts'
import { refusal } from './refusals.ts'
import type { ImageShells } from './shells.ts'
import type { Terminals } from './terminals.ts'

interface Needs {
  readonly docker: Docker
  /** The engine's ports are this computer's. */
  readonly here: boolean
  readonly enginePlatform: string | undefined
  readonly names: ReadonlySet<string>
  readonly shells: ImageShells
  readonly terminals: Terminals
}

const created = v.object({ id: v.string() })
const imageInspected = v.object({ Id: id, Os: text, Architecture: text })

export async function runImage(needs: Needs, wish: RunWish, size?: Size): Promise<Result<StartedRun, Failure>> {
  const { docker, enginePlatform: engine = '' } = needs
  // Which names are taken the engine knows better: what is known live may be a moment old.
  const [fault] = runFaults(wish, [])
  if (fault) return fail({ code: 'run-fault', field: fault.field, fault })
  const image = await look(docker, wish.reference)
  if (image?.id !== wish.image) return fail(await moved(docker, wish))
  const foreign = engine !== '' && !runsOn(image.platform, engine)

  let container: Docker.Container | undefined
  let line: Line | undefined
  let said = Buffer.alloc(0)
  try {
    container = docker.getContainer(v.parse(created, await docker.createContainer(runRequest(wish))).id)
    if (wish.interactive || foreign)
      line = await attachTo(container, { tty: wish.interactive, stdin: wish.interactive, started: false })
    await container.start()
    if (line && foreign) said = await firstWords(line)
  } catch (error) {
    await discard(container, line)
    if (statusOf(error) === undefined) throw error
    return fail(await enriched(refusal(messageOf(error), wish), wish, needs))
  }
  if (said.includes('exec format error')) {
    await discard(container, line)
    return fail({ code: 'image-platform', field: 'reference', platform: image.platform, engine })
  }
  if (!wish.interactive || !line) {
    line?.leave()
    line?.stream.destroy()
    return ok({ container: container.id })
  }
  const terminal = needs.terminals.add(await about(docker, container.id, wish), line, said)
  if (size) await needs.terminals.resize(terminal, size)
  return ok({ container: container.id, terminal })
}

async function look(docker: Docker, name: string) {
  try {
    const { Id, Os, Architecture } = v.parse(imageInspected, await docker.getImage(name).inspect())
    return { id: Id, platform: `${Os}/${Architecture}` }
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

async function moved(docker: Docker, { image, reference }: RunWish): Promise<Failure> {
  if (!(await look(docker, image))) return { code: 'image-gone', image }
  return { code: 'reference-moved', field: 'reference', reference }
}

async function about(docker: Docker, container: string, { name, reference, command }: RunWish) {
  // What ended at once and was removed is known by what was asked for.
  const found = await inspect(docker, container)
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

/** What it says until it ends, or is seen to go on. */
async function firstWords({ stream }: Line): Promise<Buffer<ArrayBuffer>> {
  const heard: Buffer[] = []
  const seen = Promise.withResolvers<void>()
  const listen = (bytes: Buffer) => {
    heard.push(bytes)
    // An error is a line; this one talks.
    if (heard.length > 10) seen.resolve()
  }
  stream.once('close', () => seen.resolve())
  stream.on('data', listen)
  await Promise.race([seen.promise, delay(emulatorStarts, undefined, { ref: false })])
  stream.pause()
  stream.off('data', listen)
  return Buffer.concat(heard)
}

/** It is ours, and has done nothing yet. */
async function discard(container: Docker.Container | undefined, line: Line | undefined) {
  line?.leave()
  line?.stream.destroy()
  // With `--rm` the engine is faster.
  await container?.remove({ v: true }).catch(() => undefined)
}

function messageOf(error: unknown): string {
  const { json, message = '' } = error as { json?: unknown; message?: string }
  return v.is(v.object({ message: v.string() }), json) ? json.message : message
}

/** With the next step that only a look at the engine can tell. */
async function enriched(failure: Failure, wish: RunWish, needs: Needs): Promise<Failure> {
  switch (failure.code) {
    case 'container-name-taken':
      return { ...failure, suggestion: freeName(wish.name, new Set([...needs.names, wish.name])) }
    case 'port-taken': {
      const { host, container } = wish.ports[failure.row]!
      const [wanted, protocol] = [parseHostPort(host)!, parseContainerPort(container)!.protocol]
      const ports = await openPorts(needs.docker, needs.here)
      const others = wish.ports.map(({ host }) => parseHostPort(host)?.port)
      const next = await nextFree(
        wanted,
        async (port) => !others.includes(port.port) && (await ports.isFree(port, protocol)),
      )
      return { ...failure, ...(next && { next: hostPortText(next) }) }
    }
    case 'command-missing': {
      const tried = shellWords(wish.command)?.join(' ') ?? ''
      const shells = await needs.shells.of(needs.docker, wish.image).catch(() => [])
      const next = shells.find((shell) => shell.join(' ') !== tried)
      return { ...failure, ...(next && { next: next.map(quoted).join(' ') }) }
    }
    default:
      return failure
  }
}
