/** The DevTools protocol over a pair of pipes: JSON messages, each terminated by a zero byte. */
import type { Readable, Writable } from 'node:stream'
// playwright-core carries the protocol's types but does not list them among its exports.
import type { Protocol } from '../../node_modules/playwright-core/types/protocol.d.ts'

export type { Protocol }
export type Method = keyof Protocol.CommandParameters
export type EventName = keyof Protocol.EventMap
export type Payload<Name extends EventName> = Protocol.EventMap[Name][0]

interface Incoming {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly method?: EventName
  readonly params?: unknown
  readonly sessionId?: string
}

type Listener = (params: unknown) => void
type Send = (method: Method, params: object, sessionId?: string) => Promise<unknown>

/** A DevTools session: the browser itself, or one of its pages. */
export class Session {
  readonly id: string | undefined
  readonly #send: Send
  readonly #listeners = new Map<EventName, Listener[]>()

  constructor(send: Send, id?: string) {
    this.#send = send
    this.id = id
  }

  send<Name extends Method>(
    method: Name,
    params?: Protocol.CommandParameters[Name],
  ): Promise<Protocol.CommandReturnValues[Name]> {
    // The protocol defines this result for this method; the browser's reply is not validated.
    return this.#send(method, params ?? {}, this.id) as Promise<Protocol.CommandReturnValues[Name]>
  }

  /** Sends a command without awaiting its result; the page may already be closed. */
  post<Name extends Method>(method: Name, params?: Protocol.CommandParameters[Name]): void {
    this.send(method, params).catch(() => {})
  }

  on<Name extends EventName>(event: Name, listener: (params: Payload<Name>) => void): this {
    const listeners = this.#listeners.get(event) ?? []
    // The listener is stored under the event whose payload it takes, and is called for no other event.
    this.#listeners.set(event, [...listeners, listener as Listener])
    return this
  }

  emit(event: EventName, params: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(params)
  }
}

export class Connection {
  readonly browser: Session
  readonly #output: Writable
  readonly #sessions = new Map<string, Session>()
  readonly #pendingCommands = new Map<
    number,
    { resolve(result: unknown): void; reject(error: Error): void; method: Method }
  >()
  #lastId = 0
  #closed = false

  constructor(output: Writable, input: Readable) {
    this.#output = output
    this.browser = new Session(this.#send)
    let parts: Buffer[] = []
    input.on('data', (data: Buffer) => {
      let start = 0
      for (let end = data.indexOf(0); end >= 0; end = data.indexOf(0, start)) {
        const message = Buffer.concat([...parts, data.subarray(start, end)]).toString()
        parts = []
        start = end + 1
        this.#receive(JSON.parse(message) as Incoming)
      }
      if (start < data.length) parts.push(data.subarray(start))
    })
    input.on('close', () => this.#close())
    // Writing to a browser that has just exited is not an error: the `close` of `input` reports the exit.
    output.on('error', () => {})
  }

  getSession(id: string): Session {
    const existing = this.#sessions.get(id)
    if (existing) return existing
    const session = new Session(this.#send, id)
    this.#sessions.set(id, session)
    return session
  }

  removeSession(id: string): void {
    this.#sessions.delete(id)
  }

  readonly #send: Send = (method, params, sessionId) => {
    if (this.#closed) return Promise.reject(new Error(`${method}: the browser is gone`))
    const id = ++this.#lastId
    this.#output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((resolve, reject) => this.#pendingCommands.set(id, { resolve, reject, method }))
  }

  #receive({ id, result, error, method, params, sessionId }: Incoming): void {
    if (id === undefined) {
      const session = sessionId === undefined ? this.browser : this.#sessions.get(sessionId)
      if (method) session?.emit(method, params)
      return
    }
    const command = this.#pendingCommands.get(id)
    this.#pendingCommands.delete(id)
    if (error) command?.reject(new Error(`${command.method}: ${error.message}`))
    else command?.resolve(result)
  }

  #close(): void {
    this.#closed = true
    for (const { reject, method } of this.#pendingCommands.values()) reject(new Error(`${method}: the browser is gone`))
    this.#pendingCommands.clear()
  }
}
