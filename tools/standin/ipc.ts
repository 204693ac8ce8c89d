/** Messages between main and the pages, with Electron's names and order. */
import { EventEmitter } from 'node:events'
import type * as Electron from 'electron'
import type { Session } from './cdp.ts'
import { structuredCodec } from './codec.ts'
import { guard, preventable } from './guard.ts'
import { worldName, type Address, type Message, type Report, type ToMain } from './page.ts'

type Handler = Parameters<Electron.IpcMain['handle']>[1]

type Event = Electron.IpcMainInvokeEvent & Electron.IpcMainEvent

/** The sender of a message, as an event describes it. */
type Sender = Pick<Electron.IpcMainEvent, 'sender' | 'senderFrame'>

const codec = structuredCodec()
const handlers = new Map<string, Handler>()
const listeners = new EventEmitter()

const partLength = 0xffff
const pieceLength = 0xfffff

export const ipcMain: Electron.IpcMain = guard<Electron.IpcMain>('ipcMain', {
  handle(channel, handler) {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    handlers.set(channel, handler)
  },
  removeHandler: (channel) => void handlers.delete(channel),
  on: (channel, listener) => subscribe('on', channel, listener),
  once: (channel, listener) => subscribe('once', channel, listener),
  off: (channel, listener) => subscribe('off', channel, listener),
  removeListener: (channel, listener) => subscribe('off', channel, listener),
  removeAllListeners(channel) {
    listeners.removeAllListeners(channel)
    return ipcMain
  },
})

function subscribe(how: 'on' | 'once' | 'off', channel: string, listener: Parameters<EventEmitter['on']>[1]) {
  listeners[how](channel, listener)
  return ipcMain
}

/** The channel between one page and main. */
export class Line {
  readonly #page: Session
  readonly #sender: Sender
  readonly #others: (report: Report) => void
  /** By execution context, so that an old document cannot reply for a new one. */
  readonly #waiting = new Map<number, { readonly lines: string[]; length: number }>()
  #context: number | undefined

  /** `others` receives messages that are not from the app. */
  constructor(page: Session, mainFrameId: string, sender: Sender, others: (report: Report) => void) {
    this.#page = page
    this.#sender = sender
    this.#others = others
    page.on('Runtime.executionContextCreated', ({ context }) => {
      // Frames inside the page have such a world too, but without a listener.
      const { frameId } = context.auxData as { frameId: string }
      if (context.name === worldName && frameId === mainFrameId) this.#context = context.id
    })
    page.on('Runtime.bindingCalled', ({ payload, executionContextId }) => {
      // Encoded by our own script, in a world where no other script runs.
      this.#receive(JSON.parse(payload) as ToMain, executionContextId)
    })
  }

  /** Await this before the first document, like the preload script itself. */
  open(): Promise<unknown> {
    return Promise.all([
      this.#page.send('Runtime.enable'),
      this.#page.send('Runtime.addBinding', { name: 'standinUp', executionContextName: worldName }),
    ])
  }

  send(channel: string, values: readonly unknown[]): void {
    this.#down(['message', channel], codec.encode(values))
  }

  zoom(factor: number): void {
    this.#down(['zoom', factor])
  }

  /** Messages sent in the same turn are batched, because a DevTools command costs more than a short message… */
  #down(address: Address, text = '', context = this.#context): void {
    if (context === undefined) return
    const waiting = this.#waiting.get(context) ?? { lines: [], length: 0 }
    if (waiting.lines.length === 0) setImmediate(() => this.#flush(context))
    waiting.lines.push(JSON.stringify(address), text)
    waiting.length += text.length
    this.#waiting.set(context, waiting)
    // …but a large batch is split, so that the page reads one chunk while the browser receives the next.
    if (waiting.length > pieceLength) this.#flush(context)
  }

  #flush(context: number): void {
    const waiting = this.#waiting.get(context)
    if (!waiting) return
    this.#waiting.delete(context)
    this.#page.post('Runtime.callFunctionOn', {
      functionDeclaration: 'function (...parts) { globalThis.standinDown?.(...parts) }',
      executionContextId: context,
      arguments: splitText(waiting.lines.join('\n')).map((value) => ({ value })),
      silent: true,
    })
  }

  #receive(upward: ToMain, context: number): void {
    if (upward.kind === 'invoke') void this.#answer(upward, context)
    else if (upward.kind === 'send') listeners.emit(upward.channel, this.#event(), ...valuesOf(upward.text))
    else this.#others(upward)
  }

  async #answer({ id, channel, text }: Extract<Message, { kind: 'invoke' }>, context: number): Promise<void> {
    const reply = (kind: 'result' | 'failure', value: unknown) => this.#down([kind, id], codec.encode(value), context)
    const handler = handlers.get(channel)
    if (!handler) return reply('failure', `Error: No handler registered for '${channel}'`)
    try {
      reply('result', await handler(this.#event(), ...valuesOf(text)))
    } catch (error) {
      console.error(`Error occurred in handler for '${channel}':`, error)
      reply('failure', String(error))
    }
  }

  #event(): Event {
    return guard<Event>(
      'ipcMainEvent',
      preventable({ ...this.#sender, type: 'frame', frameId: 1, processId: 1, ports: [] }),
    )
  }
}

const valuesOf = (text: string) => codec.decode(text) as unknown[]

function splitText(text: string): string[] {
  const parts: string[] = []
  for (let start = 0; start < text.length;) {
    const last = text.charCodeAt(start + partLength - 1)
    // A chunk must not end inside a surrogate pair.
    const end = start + partLength - (last >= 0xd800 && last < 0xdc00 ? 1 : 0)
    parts.push(text.slice(start, end))
    start = end
  }
  return parts
}
