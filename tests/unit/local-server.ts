/** A server on this computer, gone with the test that started it. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import 'undici'
import { onTestFinished } from 'vitest'
import { httpClient } from '../../main/registry/index.ts'

// The library is loaded above, before a test has to answer in time: the client loads it with its first question.

export interface LocalServer {
  readonly host: string
  readonly url: string
  readonly server: Server
  /** `GET /v2/`, in the order in which they came. */
  readonly asked: readonly string[]
}

export async function serve(answer: RequestListener): Promise<LocalServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}`, server, asked }
}

/** The app's client, with an environment of its own. */
export function client(needs: Partial<Parameters<typeof httpClient>[0]> = {}) {
  const http = httpClient({ version: '0', env: {}, ...needs })
  onTestFinished(() => http.close())
  return http
}
