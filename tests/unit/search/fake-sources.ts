/** The search service with fakes of its sources: Docker Hub, another host that can search, and an engine. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import Docker from 'dockerode'
import { onTestFinished } from 'vitest'
import { searchService } from '../../../main/search/index.ts'
import { registryClient } from '../../../main/registry/index.ts'
import { fail, ok, type SearchAnswer } from '../../../preload/contract/index.ts'
import { client, serve } from '../local-server.ts'
import { createFakeSession } from '../fake-session.ts'

export type Responder = (words: string, response: ServerResponse) => void

const queryOf = (request: IncomingMessage) => {
  const parameters = new URL(request.url!, 'http://x').searchParams
  return parameters.get('query') ?? parameters.get('q') ?? parameters.get('term') ?? ''
}

/** Starts a source that records its queries, and counts how many are open at once. */
async function startSource(respond: Responder) {
  const queries: string[] = []
  let [openCount, maxOpenCount] = [0, 0]
  const server = await serve((request, response) => {
    queries.push(queryOf(request))
    maxOpenCount = Math.max(maxOpenCount, ++openCount)
    response.on('close', () => openCount--)
    respond(queryOf(request), response)
  })
  return { ...server, queries, maxOpenCount: () => maxOpenCount, openCount: () => openCount }
}

const json = (response: ServerResponse, value: unknown) => void response.end(JSON.stringify(value))
export const hubResults =
  (...names: readonly string[]): Responder =>
  (words, response) =>
    json(response, {
      results: names.map((name) => ({ repo_name: name, short_description: `hub on ${words}`, star_count: 7 })),
    })
export const hostResults =
  (...names: readonly string[]): Responder =>
  (words, response) =>
    json(response, { results: names.map((name) => ({ name, description: `host on ${words}`, is_automated: false })) })
export const engineResults =
  (...names: readonly string[]): Responder =>
  (words, response) =>
    json(
      response,
      names.map((name) => ({ name, description: `engine on ${words}`, star_count: 1, is_automated: false })),
    )
export const neverReply: Responder = () => undefined
export const disconnect: Responder = (_, response) => void response.destroy()
export const replyWith =
  (status: number, body = '', headers = {}): Responder =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

interface SourceOptions {
  readonly hub?: Responder
  readonly host?: Responder
  /** No engine is connected if this is undefined. */
  readonly engine?: Responder
  readonly api?: string
  readonly times?: NonNullable<Parameters<typeof searchService>[0]['times']>
}

export async function startSearch({ hub = disconnect, host, engine, api = '1.41', times }: SourceOptions) {
  const [hubServer, hostServer, engineServer] = [
    await startSource(hub),
    await startSource(host ?? disconnect),
    await startSource(engine ?? disconnect),
  ]
  const published: SearchAnswer[] = []
  const disconnected = { code: 'engine-stopped', endpoint: 'unix:///x' } as const
  const [name, port] = engineServer.host.split(':')
  const docker = new Docker({ protocol: 'http', host: name!, port: Number(port) })
  const http = client()
  const service = searchService({
    engine: { session: () => (engine ? ok(createFakeSession(docker, 'unix:///x', api)) : fail(disconnected)) },
    publish: (_, payload) => void published.push(payload as SearchAnswer),
    http,
    registry: registryClient({ http, credentials: async () => undefined }),
    searchHosts: host ? [hostServer.url] : [],
    platform: () => undefined,
    hubApi: hubServer.url,
    times: { debounce: 5, headStart: 60, source: 400, ...times },
  })
  onTestFinished(() => service.end())
  const search = async (words: string) => {
    const result = await service.handlers['search.query'](words)
    if (!result.ok) throw new Error(result.error.code)
    return result.value
  }
  return { hub: hubServer, host: hostServer, engine: engineServer, published, search }
}
