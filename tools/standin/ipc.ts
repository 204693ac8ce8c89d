/** Messages between main and the pages, with Electron's names and order. */
import { EventEmitter } from 'node:events'
import type * as Electron from 'electron'
import type { Session } from './cdp.ts'
import { structuredCodec } from './codec.ts'
import { guard, createPreventableEvent } from './guard.ts'
import { worldName, type Address, type Message, type Report, type PageMessage } from './page.ts'

type Handler = Parameters<Electron.IpcMain['handle']>[1]

type Event = Electron.IpcMainInvokeEvent & Electron.IpcMainEvent

/** The sender of a message, as an event describes it. */
type Sender = Pick<Electron.IpcMainEvent, 'sender' | 'senderFrame'>

const codec = structuredCodec()
const handlers = new Map<string, Handler>()
const listeners = new EventEmitter()

const chunkLength = 0xffff
const maxBatchLength = 0xfffff

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

function subscribe(method: 'on' | 'once' | 'off', channel: string, listener: Parameters<EventEmitter['on']>[1]) {
  listeners[method](channel, listener)
  return ipcMain
}

/** The channel between one page and main. */
export class PageChannel {
  readonly #page: Session
  readonly #sender: Sender
  readonly #onReport: (report: Report) => void
  /** Unsent messages by execution context, so that no message for an old document reaches a new one. */
  readonly #batches = new Map<number, { readonly lines: string[]; length: number }>()
  #context: number | undefined

  /** `onReport` receives the messages that are not from the app. */
  constructor(page: Session, mainFrameId: string, sender: Sender, onReport: (report: Report) => void) {
    this.#page = page
    this.#sender = sender
    this.#onReport = onReport
    page.on('Runtime.executionContextCreated', ({ context }) => {
      // Frames inside the page have a world of this name too, but no listener in it.
      const { frameId } = context.auxData as { frameId: string }
      if (context.name === worldName && frameId === mainFrameId) this.#context = context.id
    })
    page.on('Runtime.bindingCalled', ({ payload, executionContextId }) => {
      // Not validated: our own script has encoded it, in a world where no other script runs.
      this.#receive(JSON.parse(payload) as PageMessage, executionContextId)
    })
  }

  /** Await this before the page loads its first document, because the preload script needs the binding. */
  open(): Promise<unknown> {
    return Promise.all([
      this.#page.send('Runtime.enable'),
      this.#page.send('Runtime.addBinding', { name: 'standinUp', executionContextName: worldName }),
    ])
  }

  send(channel: string, values: readonly unknown[]): void {
    this.#enqueue(['message', channel], codec.encode(values))
  }

  zoom(factor: number): void {
    this.#enqueue(['zoom', factor])
  }

  /** Messages sent in the same turn are batched, because a DevTools command costs more than a short message… */
  #enqueue(address: Address, text = '', context = this.#context): void {
    if (context === undefined) return
    const batch = this.#batches.get(context) ?? { lines: [], length: 0 }
    if (batch.lines.length === 0) setImmediate(() => this.#flush(context))
    batch.lines.push(JSON.stringify(address), text)
    batch.length += text.length
    this.#batches.set(context, batch)
    // …but a large batch is split, so that the page reads one chunk while the browser receives the next.
    if (batch.length > maxBatchLength) this.#flush(context)
  }

  #flush(context: number): void {
    const batch = this.#batches.get(context)
    if (!batch) return
    this.#batches.delete(context)
    this.#page.post('Runtime.callFunctionOn', {
      functionDeclaration: 'function (...parts) { globalThis.standinDown?.(...parts) }',
      executionContextId: context,
      arguments: splitText(batch.lines.join('\n')).map((value) => ({ value })),
      silent: true,
    })
  }

  #receive(message: PageMessage, context: number): void {
    if (message.kind === 'invoke') void this.#answer(message, context)
    else if (message.kind === 'send') listeners.emit(message.channel, this.#event(), ...decodeValues(message.text))
    else this.#onReport(message)
  }

  async #answer({ id, channel, text }: Extract<Message, { kind: 'invoke' }>, context: number): Promise<void> {
    const reply = (kind: 'result' | 'failure', value: unknown) =>
      this.#enqueue([kind, id], codec.encode(value), context)
    const handler = handlers.get(channel)
    if (!handler) return reply('failure', `Error: No handler registered for '${channel}'`)
    try {
      reply('result', await handler(this.#event(), ...decodeValues(text)))
    } catch (error) {
      console.error(`Error occurred in handler for '${channel}':`, error)
      reply('failure', String(error))
    }
  }

  #event(): Event {
    return guard<Event>(
      'ipcMainEvent',
      createPreventableEvent({ ...this.#sender, type: 'frame', frameId: 1, processId: 1, ports: [] }),
    )
  }
}

const decodeValues = (text: string) => codec.decode(text) as unknown[]

function splitText(text: string): string[] {
  const parts: string[] = []
  for (let start = 0; start < text.length;) {
    const last = text.charCodeAt(start + chunkLength - 1)
    // A chunk must not end inside a surrogate pair.
    const end = start + chunkLength - (last >= 0xd800 && last < 0xdc00 ? 1 : 0)
    parts.push(text.slice(start, end))
    start = end
  }
  return parts
}
