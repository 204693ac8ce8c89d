/** Terminal streams of a container: attach, exec and logs. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable, Writable } from 'node:stream'
import * as v from 'valibot'
import type { TerminalState } from '../../../preload/contract/index.ts'
import { inspectContainer } from './containers.ts'
import { statusOf } from './errors.ts'
import { ask, hijack, send, stream, defaultTimeoutMs } from './request.ts'
import type { EngineSession } from './session.ts'
import { mark, demultiplexer, withCarriageReturns, extractMarkedLine } from './stream-frames.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** A stream of bytes to and from a container. */
export interface TerminalStream {
  readonly stream: Readable
  /** Converts received bytes to the bytes that the terminal shows. Stateful: call it with consecutive chunks. */
  readonly toDisplayBytes: (bytes: Buffer) => Buffer
  /** Resolves once the stream has passed the text on, which a program that reads nothing delays, or has ended. */
  write?(text: string): Promise<void>
  resize?(size: Size): Promise<unknown>
  /** Call this after the stream has ended. @returns how it ended; never rejects */
  readEndState(): Promise<TerminalState>
  /** Sends SIGHUP to a shell that would keep running after the terminal is closed. Never rejects. */
  terminate?(): Promise<void>
  /** Stops waiting for the container to exit. */
  stopWaitingForExit(): void
}

/**
 * The keys that detach a client. Slipway needs none, but an empty value selects Docker's default sequence, which starts
 * with Ctrl+P. The engine delays the first key of the sequence until the next key, so this sequence starts with the
 * control key that shells and editors use least: Ctrl+^. (Ctrl+@ is Emacs' mark, Ctrl+_ its undo, Ctrl+\ quits a program,
 * Ctrl+] is telnet's.) Users do not type the whole sequence by accident. Source: moby/term ascii.go, proxy.go.
 */
const detachKeys = 'ctrl-^,ctrl-],ctrl-^'
const exitTimeoutMs = 2000

const waitReply = v.object({ StatusCode: v.number() })
const execReply = v.object({ Id: v.string() })
const shellState = v.object({ Running: v.boolean(), ExitCode: v.nullish(v.number()) })

const passThrough = (bytes: Buffer) => bytes
/** @returns a `toDisplayBytes` function for a container without a TTY: the engine sends its output in frames */
const createFrameDecoder = () => {
  const splitFrames = demultiplexer()
  return (bytes: Buffer) => withCarriageReturns(splitFrames(bytes))
}

/**
 * Attaches to the container's main process. To receive all output, attach before the container is started, with
 * `started: false`. Timeout: 10 s.
 */
export async function attachTo(
  session: EngineSession,
  container: string,
  { tty, stdin, started }: { readonly tty: boolean; readonly stdin: boolean; readonly started: boolean },
): Promise<TerminalStream> {
  const exitWait = new AbortController()
  // The condition `not-running` is true at once for a container that has not been started.
  const condition = started ? 'not-running' : 'next-exit'
  const exit = waitForExit(session, container, condition, exitWait.signal)
  exit.catch(() => undefined)
  const attached = await hijack(session, {
    method: 'POST',
    path: `/containers/${container}/attach`,
    query: { stream: true, stdin: true, stdout: true, stderr: true, detachKeys },
    timeoutMs: defaultTimeoutMs,
  })
  return {
    stream: attached,
    toDisplayBytes: tty ? passThrough : createFrameDecoder(),
    ...(stdin && { write: (text: string) => writeTo(attached, text) }),
    ...(tty && { resize: (size: Size) => resize(session, `/containers/${container}`, size) }),
    readEndState: () => readContainerEndState(session, container, exit),
    stopWaitingForExit: () => exitWait.abort(),
  }
}

/**
 * Starts a shell in a running container with exec. Timeout: 10 s for each of its two requests.
 * @param environment variables in addition to the container's, `NAME=value`
 */
export async function openShell(
  session: EngineSession,
  container: string,
  command: readonly string[],
  environment: readonly string[],
): Promise<TerminalStream> {
  const [shell = '', ...args] = command
  const exec = await createExec(session, container, {
    // A shell keeps running after its client detaches, so it reports its PID for `terminate` (tested on all engines).
    Cmd: [shell, ...args, '-c', `echo "${mark}$$"; exec "$0" "$@"`, ...command],
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true },
    DetachKeys: detachKeys,
    Env: environment,
  })
  const body = { Detach: false, Tty: true }
  const path = `/exec/${exec}/start`
  const shellStream = await hijack(session, { method: 'POST', path, body, timeoutMs: defaultTimeoutMs })
  let pid: string | undefined
  const inspectExec = () => ask(session, shellState, { path: `/exec/${exec}/json` })
  return {
    stream: shellStream,
    toDisplayBytes: extractMarkedLine((line) => (pid = /^\d+$/.exec(line)?.[0])),
    write: (text) => writeTo(shellStream, text),
    resize: (size) => resize(session, `/exec/${exec}`, size),
    async readEndState() {
      try {
        const { Running, ExitCode } = await inspectExec()
        if (Running) return { status: 'ended', reason: 'cut' }
        return { status: 'ended', reason: 'exit', ...(typeof ExitCode === 'number' && { exitCode: ExitCode }) }
      } catch (error) {
        return { status: 'ended', reason: statusOf(error) === undefined ? 'engine-gone' : 'exit' }
      }
    },
    async terminate() {
      if (pid === undefined) return
      try {
        // If the shell has ended or the container was restarted, the PID may belong to another process now.
        if (!(await inspectExec()).Running) return
        const killExec = await createExec(session, container, { Cmd: [shell, ...args, '-c', 'kill -HUP "$0"', pid] })
        const body = { Detach: true }
        await send(session, { method: 'POST', path: `/exec/${killExec}/start`, body, timeoutMs: defaultTimeoutMs })
      } catch {
        // If the engine cannot be reached, the shell may keep running.
      }
    },
    stopWaitingForExit() {},
  }
}

function writeTo(stream: Writable, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.write(text, () => resolve())
  return promise
}

/** Streams a container's last 1000 log lines and all later output. Timeout for the first byte: 10 s. */
export async function followLogs(session: EngineSession, container: string, tty: boolean): Promise<TerminalStream> {
  const query = { follow: true, stdout: true, stderr: true, tail: 1000 }
  const path = `/containers/${container}/logs`
  const logs = await stream(session, { path, query, timeoutMs: defaultTimeoutMs })
  logs.on('error', () => {}) // `readEndState` reports the reason.
  return {
    stream: logs,
    toDisplayBytes: tty ? passThrough : createFrameDecoder(),
    readEndState: () => readContainerEndState(session, container),
    stopWaitingForExit() {},
  }
}

const resize = (session: EngineSession, path: string, { columns, rows }: Size) =>
  send(session, { method: 'POST', path: `${path}/resize`, query: { w: columns, h: rows }, timeoutMs: defaultTimeoutMs })

async function createExec(session: EngineSession, container: string, body: Readonly<Record<string, unknown>>) {
  const path = `/containers/${container}/exec`
  return (await ask(session, execReply, { method: 'POST', path, body })).Id
}

/** Resolves when the container exits. The engine starts its reply at once; timeout for the first byte: 10 s. */
async function waitForExit(session: EngineSession, container: string, condition: string, signal: AbortSignal) {
  const request = { method: 'POST', path: `/containers/${container}/wait`, query: { condition }, signal } as const
  let text = ''
  for await (const chunk of await stream(session, { ...request, timeoutMs: defaultTimeoutMs })) text += String(chunk)
  return v.parse(waitReply, JSON.parse(text))
}

/** @param exit resolves with the container's exit code; rejects if the exit was not awaited or the wait failed */
async function readContainerEndState(
  session: EngineSession,
  container: string,
  exit?: Promise<{ StatusCode: number }>,
): Promise<TerminalState> {
  const exitState = (exit ?? Promise.reject()).then(
    ({ StatusCode }): TerminalState => ({ status: 'ended', reason: 'exit', exitCode: StatusCode }),
    () => undefined,
  )
  // The reply to the wait request arrives shortly after the last output.
  const exitStateInTime = Promise.race([exitState, delay(exitTimeoutMs, undefined, { ref: false })])
  try {
    const inspected = await inspectContainer(session, container)
    // A container with AutoRemove no longer exists after its exit.
    if (!inspected) return (await exitStateInTime) ?? { status: 'ended', reason: 'exit' }
    const { State } = inspected
    if (State.Running || State.Status === 'restarting')
      return (await exitStateInTime) ?? { status: 'ended', reason: 'cut' }
    // The engine reports exit code 0 for a container that was never started.
    if (State.Status === 'created') return { status: 'ended', reason: 'exit' }
    return (await ifSettled(exitState)) ?? { status: 'ended', reason: 'exit', exitCode: State.ExitCode }
  } catch (error) {
    if (statusOf(error) === undefined) return { status: 'ended', reason: 'engine-gone' }
    return (await exitStateInTime) ?? { status: 'ended', reason: 'exit' }
  }
}

/** @returns undefined if the promise has not settled yet */
const ifSettled = <T>(promise: Promise<T>): Promise<T | undefined> => Promise.race([promise, delay(0, undefined)])
