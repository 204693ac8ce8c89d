/** A local HTTP server and the app's HTTP client, both closed when the test ends. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import 'undici'
import { onTestFinished } from 'vitest'
import { httpClient } from '../../main/registry/index.ts'

// The client loads `undici` during its first request. The import above avoids that, so that short timeouts suffice.

export interface LocalServer {
  readonly host: string
  readonly url: string
  readonly server: Server
  /** Requests such as `GET /v2/`, in the order of their arrival. */
  readonly requests: readonly string[]
}

export async function serve(answer: RequestListener): Promise<LocalServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}`, server, requests }
}

/** The app's HTTP client, with an empty environment unless the options set one. */
export function client(options: Partial<Parameters<typeof httpClient>[0]> = {}) {
  const http = httpClient({ version: '0', env: {}, ...options })
  onTestFinished(() => http.close())
  return http
}
