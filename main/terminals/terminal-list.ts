/** The terminals that the user has not closed, running or ended. They survive a reload of the window. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  fail,
  ok,
  type Failure,
  type Handlers,
  type Publish,
  type Terminal,
  type TerminalId,
  type TerminalState,
} from '../../preload/contract/index.ts'
import type { EngineSession, Lease, TerminalStream, Size } from '../engine/index.ts'
import { Output } from './output.ts'

interface Entry {
  terminal: Terminal
  /** Keeps the engine connected until the terminal has ended. */
  readonly lease: Lease
  readonly terminalStream: TerminalStream
  readonly output: Output
  /** Length of the text that the stream has not passed on yet. */
  unsentLength: number
}

export type TerminalInfo = Pick<Terminal, 'container' | 'name' | 'reference' | 'kind' | 'command'>

export interface Terminals {
  /** Adds a terminal for a stream. `initialOutput`: bytes already read from the stream. */
  add(session: EngineSession, info: TerminalInfo, terminalStream: TerminalStream, initialOutput?: Buffer): TerminalId
  resize(id: TerminalId, size: Size): Promise<void>
  /**
   * Each terminal keeps 512 kB of output.
   * @param replaces an ended terminal that will be closed once the new one is open
   * @returns why no terminal may be opened now; undefined if one may
   */
  refusal(replaces?: TerminalId): Failure | undefined
  /**
   * Closes every terminal when the app quits.
   * @returns a promise that resolves once all shells are terminated, after 1 s at the latest; undefined without shells
   */
  end(): Promise<unknown> | undefined
  readonly handlers: Omit<Handlers<'terminals'>, 'terminals.open' | 'terminals.start'>
}

/** How long quitting waits for the engine to terminate shells. */
const quitTimeoutMs = 1000

/** Also of those that have ended. */
export const maxTerminals = 100
/** How much text, in UTF-16 code units, may wait for a program that does not read. The window sends less. */
const maxUnsentLength = 2_000_000

interface Needs {
  readonly publish: Publish
  readonly lease: (session: EngineSession) => Lease
}

export function terminalList({ publish, lease }: Needs): Terminals {
  const entries = new Map<TerminalId, Entry>()

  function add(
    session: EngineSession,
    info: TerminalInfo,
    terminalStream: TerminalStream,
    initialOutput = Buffer.alloc(0),
  ): TerminalId {
    const id = randomUUID()
    const output = new Output({
      send: (data) => publish('terminals.data', { id, ...data }),
      setPaused: (paused) => void (paused ? terminalStream.stream.pause() : terminalStream.stream.resume()),
    })
    const terminal: Terminal = { id, ...info, readOnly: !terminalStream.write, state: { status: 'open' } }
    entries.set(id, { terminal, lease: lease(session), terminalStream, output, unsentLength: 0 })
    publish('terminals.changed', terminal)
    output.receive(terminalStream.toDisplayBytes(initialOutput))
    terminalStream.stream.on('data', (bytes: Buffer) => output.receive(terminalStream.toDisplayBytes(bytes)))
    // Reading the initial output paused the stream, and adding a listener does not resume it.
    if (!output.paused) terminalStream.stream.resume()
    if (terminalStream.stream.closed) void handleStreamClosed(id)
    else terminalStream.stream.once('close', () => void handleStreamClosed(id))
    return id
  }

  async function handleStreamClosed(id: TerminalId) {
    const entry = entries.get(id)
    if (!entry) return
    entry.output.end()
    if (entry.terminal.state.status === 'open') setEnded(entry, await entry.terminalStream.readEndState())
  }

  function setEnded(entry: Entry, state: TerminalState) {
    const { terminal, terminalStream } = entry
    if (terminal.state.status === 'ended') return
    terminalStream.stopWaitingForExit()
    entry.lease.release()
    entry.terminal = { ...terminal, state }
    if (entries.has(terminal.id)) publish('terminals.changed', entry.terminal)
  }

  function close({ terminalStream, output, terminal, lease }: Entry): Promise<void> | undefined {
    entries.delete(terminal.id)
    const termination = terminal.state.status === 'open' ? terminalStream.terminate?.() : undefined
    terminalStream.stopWaitingForExit()
    terminalStream.stream.destroy()
    output.end()
    if (termination) void termination.finally(lease.release)
    else lease.release()
    return termination
  }

  async function resize(id: TerminalId, size: Size) {
    // The engine refuses to resize if the program has ended meanwhile.
    await entries
      .get(id)
      ?.terminalStream.resize?.(size)
      .catch(() => undefined)
  }

  return {
    add,
    resize,
    refusal(replaces = '') {
      const others = entries.get(replaces)?.terminal.state.status === 'ended' ? entries.size - 1 : entries.size
      return others < maxTerminals ? undefined : { code: 'terminals-too-many', limit: maxTerminals }
    },
    end() {
      const pending = [...entries.values()].map(close).filter((termination) => termination !== undefined)
      return pending.length > 0 ? Promise.race([Promise.all(pending), delay(quitTimeoutMs)]) : undefined
    },
    handlers: {
      'terminals.list': () => ok([...entries.values()].map(({ terminal }) => terminal)),
      'terminals.replay': (id) => {
        const entry = entries.get(id)
        return entry ? ok(entry.output.replay()) : fail({ code: 'terminal-gone' })
      },
      'terminals.write': async ({ id, text }) => {
        const entry = entries.get(id)
        if (!entry) return fail({ code: 'terminal-gone' })
        if (entry.terminal.state.status !== 'open') return ok(undefined)
        if (entry.unsentLength + text.length > maxUnsentLength) return fail({ code: 'busy' })
        entry.unsentLength += text.length
        await entry.terminalStream.write?.(text)
        entry.unsentLength -= text.length
        return ok(undefined)
      },
      'terminals.resize': async ({ id, ...size }) => {
        await resize(id, size)
        return ok(undefined)
      },
      'terminals.acknowledge': ({ id, upTo }) => {
        entries.get(id)?.output.acknowledge(upTo)
        return ok(undefined)
      },
      'terminals.close': (id) => {
        const entry = entries.get(id)
        if (!entry) return ok(undefined)
        void close(entry)
        publish('terminals.closed', id)
        return ok(undefined)
      },
    },
  }
}
