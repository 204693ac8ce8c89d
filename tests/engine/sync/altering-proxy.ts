/** A proxy before an engine that changes some of its answers, and counts the requests that go by. */
import { rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'

/** What becomes of an answer: a refusal in Docker's own form, or the engine's JSON with a change. */
export type Alteration = { readonly refusal: string } | { readonly change: (reply: unknown) => unknown }

interface Rule {
  readonly path: RegExp
  readonly how: Alteration
}

export class AlteringProxy {
  readonly socket: string
  /** Since `forget` was called: `/images/json?all=true`, without the API version. */
  requests: string[] = []
  readonly #engine: string
  #rules: Rule[] = []
  #server: Server | undefined

  private constructor(engine: string) {
    this.#engine = engine
    this.socket = `${engine}.altered`
  }

  static async before(engine: string): Promise<AlteringProxy> {
    const altered = new AlteringProxy(engine)
    await altered.open()
    return altered
  }

  /** Changes the answers to the requests whose path and query match, until `heal` is called. */
  alter(path: RegExp, how: Alteration) {
    this.#rules.push({ path, how })
  }
  heal() {
    this.#rules = []
  }

  async open() {
    const server = (this.#server = createServer((from, to) => {
      const { method, url = '', headers } = from
      const path = decodeURIComponent(url.replace(/^\/v[\d.]+/, ''))
      this.requests.push(path)
      const how = this.#rules.find((rule) => rule.path.test(path))?.how
      if (how && 'refusal' in how) {
        from.resume()
        to.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message: how.refusal }))
        return
      }
      const upstream = request({ socketPath: this.#engine, method, path: url, headers }, async (answer) => {
        if (!how) {
          to.writeHead(answer.statusCode ?? 500, answer.headers)
          to.flushHeaders()
          answer.on('error', () => to.destroy())
          return void answer.pipe(to)
        }
        const text = Buffer.concat(await answer.toArray()).toString()
        to.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' })
        to.end(JSON.stringify(how.change(JSON.parse(text))))
      })
      upstream.on('error', () => to.destroy())
      to.on('close', () => upstream.destroy())
      from.pipe(upstream)
    }))
    await new Promise<void>((resolve) => void server.listen(this.socket, resolve))
  }

  /** Takes the socket away, as a daemon that stops does. */
  close() {
    this.#server?.closeAllConnections()
    this.#server?.close()
    rmSync(this.socket, { force: true })
  }
}

/** Changes the row of one image or container in a list. */
export const changeRow =
  (id: string, change: Readonly<Record<string, unknown>>) =>
  (reply: unknown): unknown =>
    Array.isArray(reply) ? reply.map((row: { Id?: unknown }) => (row.Id === id ? { ...row, ...change } : row)) : reply
