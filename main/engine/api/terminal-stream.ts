/** The ways into a container: its own program, a shell beside it, what it says. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import * as v from 'valibot'
import type { TerminalState } from '../../../preload/contract/index.ts'
import { statusOf } from './errors.ts'
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
const state = v.object({ State: v.object({ Running: v.boolean(), Status: v.string(), ExitCode: v.number() }) })
const shellState = v.object({ Running: v.boolean(), ExitCode: v.nullish(v.number()) })

const plain = (bytes: Buffer) => bytes
const spoken = () => {
  const parts = unframed()
  return (bytes: Buffer) => returned(parts(bytes))
}

/** To the container's own program; before its start, so that nothing is missed, or later. */
export async function attachTo(
  container: Docker.Container,
  { tty, stdin, started }: { readonly tty: boolean; readonly stdin: boolean; readonly started: boolean },
): Promise<Line> {
  const over = new AbortController()
  // `not-running` would hold at once for a container that is not started yet.
  const condition = started ? 'not-running' : 'next-exit'
  const ended = container.wait({ condition, abortSignal: over.signal }).then((answer) => v.parse(exited, answer))
  ended.catch(() => undefined)
  const stream = (await container.attach({
    ...{ stream: true, hijack: true, stdin: true, stdout: true, stderr: true },
    detachKeys,
  })) as Duplex
  return {
    stream,
    shown: tty ? plain : spoken(),
    ...(stdin && { write: (text: string) => void stream.write(text) }),
    ...(tty && { resize: ({ columns, rows }: Size) => container.resize({ w: columns, h: rows }) }),
    ending: () => endOf(container, ended),
    leave: () => over.abort(),
  }
}

/** A shell of its own in a running container. */
export async function openShell(container: Docker.Container, command: readonly string[]): Promise<Line> {
  const [shell = '', ...more] = command
  const exec = await container.exec({
    // An exec goes on when nobody is attached to it any more, so its own number is needed to hang up (tried on all).
    Cmd: [shell, ...more, '-c', `echo "${mark}$$"; exec "$0" "$@"`, ...command],
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true },
    DetachKeys: detachKeys,
  })
  const stream = (await exec.start({ Tty: true, hijack: true, stdin: true })) as Duplex
  let number: string | undefined
  return {
    stream,
    shown: withoutMarked((line) => (number = /^\d+$/.exec(line)?.[0])),
    write: (text) => void stream.write(text),
    resize: ({ columns, rows }) => exec.resize({ w: columns, h: rows }),
    async ending() {
      try {
        const { Running, ExitCode } = v.parse(shellState, await exec.inspect())
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
        if (!v.parse(shellState, await exec.inspect()).Running) return
        const killer = await container.exec({ Cmd: [shell, ...more, '-c', 'kill -HUP "$0"', number] })
        const answer = await killer.start({ Detach: true })
        answer.resume()
      } catch {
        // The container or the engine is gone, and the shell with it.
      }
    },
    leave() {},
  }
}

/** What it said last, and what it says from now on. */
export async function followLogs(container: Docker.Container, tty: boolean): Promise<Line> {
  const stream = (await container.logs({ follow: true, stdout: true, stderr: true, tail: 1000 })) as unknown as Readable
  return {
    stream,
    shown: tty ? plain : spoken(),
    ending: () => endOf(container, Promise.reject(new Error('not waited for'))),
    leave() {},
  }
}

async function endOf(container: Docker.Container, exit: Promise<{ StatusCode: number }>): Promise<TerminalState> {
  const told = exit.then(
    ({ StatusCode }): TerminalState => ({ is: 'ended', reason: 'exit', exitCode: StatusCode }),
    () => undefined,
  )
  // The exit is told a moment after the last of the output.
  const soon = Promise.race([told, delay(patience, undefined, { ref: false })])
  try {
    const { State } = v.parse(state, await container.inspect())
    if (State.Running || State.Status === 'restarting') return (await soon) ?? { is: 'ended', reason: 'cut' }
    // What was never started has the code 0 all the same.
    if (State.Status === 'created') return { is: 'ended', reason: 'exit' }
    return (await within(told)) ?? { is: 'ended', reason: 'exit', exitCode: State.ExitCode }
  } catch (error) {
    if (statusOf(error) === undefined) return { is: 'ended', reason: 'engine-gone' }
    // Removed when it ended.
    return (await soon) ?? { is: 'ended', reason: 'exit' }
  }
}

/** Where it is known already. */
const within = <T>(promise: Promise<T>): Promise<T | undefined> => Promise.race([promise, delay(0, undefined)])
