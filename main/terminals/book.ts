/** The terminals that are open, whatever the window does. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  fail,
  ok,
  type Handlers,
  type Publish,
  type Terminal,
  type TerminalId,
  type TerminalState,
} from '../../preload/contract/index.ts'
import type { EngineSession, Lease, Line, Size } from '../engine/index.ts'
import { Output } from './output.ts'

interface Entry {
  terminal: Terminal
  /** Keeps its engine connected as long as it is open. */
  readonly lease: Lease
  readonly line: Line
  readonly output: Output
}

export type About = Pick<Terminal, 'container' | 'name' | 'reference' | 'kind' | 'command'>

export interface Terminals {
  /** `before`: what the line has said already. */
  add(session: EngineSession, about: About, line: Line, before?: Buffer): TerminalId
  resize(id: TerminalId, size: Size): Promise<void>
  /** Closes all at the app's end; what is to be waited for, though not for long. */
  end(): Promise<unknown> | undefined
  readonly handlers: Omit<Handlers<'terminals'>, 'terminals.open' | 'terminals.start'>
}

/** So many milliseconds an engine has to hang up shells when the app ends. */
const lastMoment = 1000

interface Needs {
  readonly publish: Publish
  readonly lease: (session: EngineSession) => Lease
}

export function terminalBook({ publish, lease }: Needs): Terminals {
  const entries = new Map<TerminalId, Entry>()

  function add(session: EngineSession, about: About, line: Line, before = Buffer.alloc(0)): TerminalId {
    const id = randomUUID()
    const output = new Output({
      send: (data) => publish('terminals.data', { id, ...data }),
      hold: (holds) => void (holds ? line.stream.pause() : line.stream.resume()),
    })
    const terminal: Terminal = { id, ...about, readOnly: !line.write, state: { is: 'open' } }
    entries.set(id, { terminal, lease: lease(session), line, output })
    publish('terminals.changed', terminal)
    output.receive(line.shown(before))
    line.stream.on('data', (bytes: Buffer) => output.receive(line.shown(bytes)))
    // Who has heard its first words has paused it, and a listener alone does not change that.
    if (!output.holds) line.stream.resume()
    if (line.stream.closed) void over(id)
    else line.stream.once('close', () => void over(id))
    return id
  }

  async function over(id: TerminalId) {
    const entry = entries.get(id)
    if (!entry) return
    entry.output.end()
    if (entry.terminal.state.is === 'open') ended(entry, await entry.line.ending())
  }

  function ended(entry: Entry, state: TerminalState) {
    const { terminal, line } = entry
    if (terminal.state.is === 'ended') return
    line.leave()
    entry.lease.release()
    entry.terminal = { ...terminal, state }
    if (entries.has(terminal.id)) publish('terminals.changed', entry.terminal)
  }

  function close({ line, output, terminal, lease }: Entry): Promise<void> | undefined {
    entries.delete(terminal.id)
    const hungUp = terminal.state.is === 'open' ? line.hangUp?.() : undefined
    line.leave()
    line.stream.destroy()
    output.end()
    if (hungUp) void hungUp.finally(lease.release)
    else lease.release()
    return hungUp
  }

  async function resize(id: TerminalId, size: Size) {
    // Refused where the program has ended meanwhile.
    await entries
      .get(id)
      ?.line.resize?.(size)
      .catch(() => undefined)
  }

  return {
    add,
    resize,
    end() {
      const rest = [...entries.values()].map(close).filter((hungUp) => hungUp !== undefined)
      return rest.length > 0 ? Promise.race([Promise.all(rest), delay(lastMoment)]) : undefined
    },
    handlers: {
      'terminals.list': () => ok([...entries.values()].map(({ terminal }) => terminal)),
      'terminals.replay': (id) => {
        const entry = entries.get(id)
        return entry ? ok(entry.output.replay()) : fail({ code: 'terminal-gone' })
      },
      'terminals.write': ({ id, text }) => {
        const entry = entries.get(id)
        if (!entry) return fail({ code: 'terminal-gone' })
        if (entry.terminal.state.is === 'open') entry.line.write?.(text)
        return ok(undefined)
      },
      'terminals.resize': async ({ id, ...size }) => {
        await resize(id, size)
        return ok(undefined)
      },
      'terminals.took': ({ id, upTo }) => {
        entries.get(id)?.output.took(upTo)
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
