/** A proxy in front of an engine. It changes chosen responses and records the requests. */
import { rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'

/** What happens to a response: replaced by an error in Docker's format, or its JSON changed. */
export type Alteration = { readonly refusal: string } | { readonly change: (reply: unknown) => unknown }

interface Rule {
  readonly path: RegExp
  readonly alteration: Alteration
}

export class AlteringProxy {
  readonly socket: string
  /** Path and query of every request, without the API version: `/images/json?all=true`. Tests clear this list. */
  requests: string[] = []
  readonly #engineSocket: string
  #rules: Rule[] = []
  #server: Server | undefined

  private constructor(engineSocket: string) {
    this.#engineSocket = engineSocket
    this.socket = `${engineSocket}.altered`
  }

  static async start(engineSocket: string): Promise<AlteringProxy> {
    const proxy = new AlteringProxy(engineSocket)
    await proxy.open()
    return proxy
  }

  /** Alters the responses to requests whose path and query match, until `reset` is called. */
  alter(path: RegExp, alteration: Alteration) {
    this.#rules.push({ path, alteration })
  }
  /** Removes all alterations. */
  reset() {
    this.#rules = []
  }

  async open() {
    const server = (this.#server = createServer((clientRequest, clientResponse) => {
      const { method, url = '', headers } = clientRequest
      const path = decodeURIComponent(url.replace(/^\/v[\d.]+/, ''))
      this.requests.push(path)
      const alteration = this.#rules.find((rule) => rule.path.test(path))?.alteration
      if (alteration && 'refusal' in alteration) {
        clientRequest.resume()
        clientResponse
          .writeHead(500, { 'content-type': 'application/json' })
          .end(JSON.stringify({ message: alteration.refusal }))
        return
      }
      const options = { socketPath: this.#engineSocket, method, path: url, headers }
      const engineRequest = request(options, async (engineResponse) => {
        if (!alteration) {
          clientResponse.writeHead(engineResponse.statusCode ?? 500, engineResponse.headers)
          clientResponse.flushHeaders()
          engineResponse.on('error', () => clientResponse.destroy())
          return void engineResponse.pipe(clientResponse)
        }
        const text = Buffer.concat(await engineResponse.toArray()).toString()
        clientResponse.writeHead(engineResponse.statusCode ?? 500, { 'content-type': 'application/json' })
        clientResponse.end(JSON.stringify(alteration.change(JSON.parse(text))))
      })
      engineRequest.on('error', () => clientResponse.destroy())
      clientResponse.on('close', () => engineRequest.destroy())
      clientRequest.pipe(engineRequest)
    }))
    await new Promise<void>((resolve) => void server.listen(this.socket, resolve))
  }

  /** Removes the socket, as an engine that stops does. `open` creates it again. */
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
