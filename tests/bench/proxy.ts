/** A way to an engine that notes every request which goes by. */
import { createServer, connect, type Server } from 'node:net'

export class CountingProxy {
  readonly socket: string
  #requests: string[] = []
  readonly #server: Server

  private constructor(socket: string, engine: string) {
    this.socket = socket
    this.#server = createServer((client) => {
      const upstream = connect(engine)
      client.on('data', (data) => this.#note(data))
      client.pipe(upstream).pipe(client)
      // One end goes with the other, however it went.
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
    })
  }

  static async open(socket: string, engine: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(socket, engine)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(socket, resolve)
    })
    return proxy
  }

  /** The requests since this was last asked, as `GET /images/json`, without version and query. */
  take(): string[] {
    return this.#requests.splice(0)
  }

  close() {
    this.#server.close()
  }

  #note(data: Buffer) {
    // A client writes the head of a request in one go.
    for (const [, method, path] of data
      .toString('latin1')
      .matchAll(/([A-Z]+) (?:\/v[\d.]+)?(\/[^ ?]*)\S* HTTP\/1\.1\r\n/g))
      this.#requests.push(`${method} ${path}`)
  }
}

/** `2 GET /images/json, GET /system/df` */
export const told = (requests: readonly string[]): string =>
  [...Map.groupBy(requests, (request) => request.replace(/sha256:[0-9a-f]{64}/, 'ID'))]
    .map(([request, { length }]) => (length > 1 ? `${length} × ${request}` : request))
    .join(', ')
