/** A proxy in front of an engine. It records every request. */
import { createServer, connect, type Server } from 'node:net'

export class RecordingProxy {
  readonly socket: string
  #requests: string[] = []
  readonly #server: Server

  private constructor(socket: string, engineSocket: string) {
    this.socket = socket
    this.#server = createServer((client) => {
      const upstream = connect(engineSocket)
      client.on('data', (data) => this.#record(data))
      client.pipe(upstream).pipe(client)
      // If one side fails or closes, the other is closed too.
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
    })
  }

  static async open(socket: string, engineSocket: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(socket, engineSocket)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(socket, resolve)
    })
    return proxy
  }

  /** @returns the requests since the last call, like `GET /images/json`, without API version and query */
  takeRequests(): string[] {
    return this.#requests.splice(0)
  }

  close() {
    this.#server.close()
  }

  #record(data: Buffer) {
    // Clients write the head of a request in one piece.
    for (const [, method, path] of data
      .toString('latin1')
      .matchAll(/([A-Z]+) (?:\/v[\d.]+)?(\/[^ ?]*)\S* HTTP\/1\.1\r\n/g))
      this.#requests.push(`${method} ${path}`)
  }
}

/** Counts equal requests: `2 × GET /images/json, GET /system/df`. */
export const formatRequests = (requests: readonly string[]): string =>
  [...Map.groupBy(requests, (request) => request.replace(/sha256:[0-9a-f]{64}/, 'ID'))]
    .map(([request, { length }]) => (length > 1 ? `${length} × ${request}` : request))
    .join(', ')
