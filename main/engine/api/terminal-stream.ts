/** The ways into a container: its own program, a shell beside it, what it says. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import * as v from 'valibot'
import type { TerminalState } from '../../../preload/contract/index.ts'
import { inspectContainer } from './containers.ts'
import { statusOf } from './errors.ts'
import { ask, hijack, send, stream, usualTimeoutMs } from './request.ts'
import type { EngineSession } from './session.ts'
import { mark, returned, unframed, withoutMarked } from './stream-frames.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** A stream of bytes to and from a container. */
export interface Line {
  readonly stream: Readable
  /** What is made of the bytes before they are shown. */
  readonly shown: (bytes: Buffer) => Buffer
  write?(text: string): void
  resize?(size: Size): Promise<unknown>
  /** How it ended, once the stream is over. */
  ending(): Promise<TerminalState>
  /** Ends what would go on without anybody looking. */
  hangUp?(): Promise<void>
  /** Gives up waiting for the end. */
  leave(): void
}

/**
 * Nobody types them one after another. The first is held back until the next key, as Docker's own would hold back each
 * Ctrl+P, and none would mean Docker's own: so it is the one that shells and editors know least (Ctrl+@ is Emacs' mark,
 * Ctrl+_ its undo, Ctrl+\ ends a program, Ctrl+] is telnet's). Source: moby/term ascii.go, proxy.go.
 */
const detachKeys = 'ctrl-^,ctrl-],ctrl-^'
const patience = 2000

const exited = v.object({ StatusCode: v.number() })
const created = v.object({ Id: v.string() })
const shellState = v.object({ Running: v.boolean(), ExitCode: v.nullish(v.number()) })

const plain = (bytes: Buffer) => bytes
const spoken = () => {
  const parts = unframed()
  return (bytes: Buffer) => returned(parts(bytes))
}

/** To the container's own program; before its start, so that nothing is missed, or later. */
export async function attachTo(
  session: EngineSession,
  container: string,
  { tty, stdin, started }: { readonly tty: boolean; readonly stdin: boolean; readonly started: boolean },
): Promise<Line> {
  const over = new AbortController()
  // `not-running` would hold at once for a container that is not started yet.
  const condition = started ? 'not-running' : 'next-exit'
  const ended = waitForExit(session, container, condition, over.signal)
  ended.catch(() => undefined)
  const attached = await hijack(session, {
    method: 'POST',
    path: `/containers/${container}/attach`,
    query: { stream: true, stdin: true, stdout: true, stderr: true, detachKeys },
    timeoutMs: usualTimeoutMs,
  })
  return {
    stream: attached,
    shown: tty ? plain : spoken(),
    ...(stdin && { write: (text: string) => void attached.write(text) }),
    ...(tty && { resize: (size: Size) => resize(session, `/containers/${container}`, size) }),
    ending: () => endOf(session, container, ended),
    leave: () => over.abort(),
  }
}

/** A shell of its own in a running container. */
export async function openShell(session: EngineSession, container: string, command: readonly string[]): Promise<Line> {
  const [shell = '', ...more] = command
  const exec = await createExec(session, container, {
    // An exec goes on when nobody is attached to it any more, so its own number is needed to hang up (tried on all).
    Cmd: [shell, ...more, '-c', `echo "${mark}$$"; exec "$0" "$@"`, ...command],
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true },
    DetachKeys: detachKeys,
  })
  const body = { Detach: false, Tty: true }
  const path = `/exec/${exec}/start`
  const shellStream = await hijack(session, { method: 'POST', path, body, timeoutMs: usualTimeoutMs })
  let number: string | undefined
  const inspectExec = () => ask(session, shellState, { path: `/exec/${exec}/json` })
  return {
    stream: shellStream,
    shown: withoutMarked((line) => (number = /^\d+$/.exec(line)?.[0])),
    write: (text) => void shellStream.write(text),
    resize: (size) => resize(session, `/exec/${exec}`, size),
    async ending() {
      try {
        const { Running, ExitCode } = await inspectExec()
        if (Running) return { is: 'ended', reason: 'cut' }
        return { is: 'ended', reason: 'exit', ...(typeof ExitCode === 'number' && { exitCode: ExitCode }) }
      } catch (error) {
        return { is: 'ended', reason: statusOf(error) === undefined ? 'engine-gone' : 'exit' }
      }
    },
    async hangUp() {
      if (number === undefined) return
      try {
        // Its number is another's once the shell has ended, or the container has started anew.
        if (!(await inspectExec()).Running) return
        const killer = await createExec(session, container, { Cmd: [shell, ...more, '-c', 'kill -HUP "$0"', number] })
        const body = { Detach: true }
        await send(session, { method: 'POST', path: `/exec/${killer}/start`, body, timeoutMs: usualTimeoutMs })
      } catch {
        // The container or the engine is gone, and the shell with it.
      }
    },
    leave() {},
  }
}

/** What it said last, and what it says from now on. */
export async function followLogs(session: EngineSession, container: string, tty: boolean): Promise<Line> {
  const query = { follow: true, stdout: true, stderr: true, tail: 1000 }
  const path = `/containers/${container}/logs`
  const logs = await stream(session, { path, query, timeoutMs: usualTimeoutMs })
  logs.on('error', () => {}) // its end tells more
  return {
    stream: logs,
    shown: tty ? plain : spoken(),
    ending: () => endOf(session, container, Promise.reject(new Error('not waited for'))),
    leave() {},
  }
}

const resize = (session: EngineSession, path: string, { columns, rows }: Size) =>
  send(session, { method: 'POST', path: `${path}/resize`, query: { w: columns, h: rows }, timeoutMs: usualTimeoutMs })

async function createExec(session: EngineSession, container: string, body: Readonly<Record<string, unknown>>) {
  const path = `/containers/${container}/exec`
  return (await ask(session, created, { method: 'POST', path, body })).Id
}

/** The engine begins its answer at once, and ends it with the container. Timeout for the first byte: 10 s. */
async function waitForExit(session: EngineSession, container: string, condition: string, signal: AbortSignal) {
  const request = { method: 'POST', path: `/containers/${container}/wait`, query: { condition }, signal } as const
  let text = ''
  for await (const chunk of await stream(session, { ...request, timeoutMs: usualTimeoutMs })) text += String(chunk)
  return v.parse(exited, JSON.parse(text))
}

async function endOf(
  session: EngineSession,
  container: string,
  exit: Promise<{ StatusCode: number }>,
): Promise<TerminalState> {
  const told = exit.then(
    ({ StatusCode }): TerminalState => ({ is: 'ended', reason: 'exit', exitCode: StatusCode }),
    () => undefined,
  )
  // The exit is told a moment after the last of the output.
  const soon = Promise.race([told, delay(patience, undefined, { ref: false })])
  try {
    const found = await inspectContainer(session, container)
    // Removed when it ended.
    if (!found) return (await soon) ?? { is: 'ended', reason: 'exit' }
    const { State } = found
    if (State.Running || State.Status === 'restarting') return (await soon) ?? { is: 'ended', reason: 'cut' }
    // What was never started has the code 0 all the same.
    if (State.Status === 'created') return { is: 'ended', reason: 'exit' }
    return (await within(told)) ?? { is: 'ended', reason: 'exit', exitCode: State.ExitCode }
  } catch (error) {
    if (statusOf(error) === undefined) return { is: 'ended', reason: 'engine-gone' }
    return (await soon) ?? { is: 'ended', reason: 'exit' }
  }
}

/** Where it is known already. */
const within = <T>(promise: Promise<T>): Promise<T | undefined> => Promise.race([promise, delay(0, undefined)])
