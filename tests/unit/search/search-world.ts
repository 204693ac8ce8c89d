/** Discover with all its sources on this computer: a Docker Hub, another host that searches, an engine. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import Docker from 'dockerode'
import { onTestFinished } from 'vitest'
import { searchService } from '../../../main/search/index.ts'
import { registryClient } from '../../../main/registry/index.ts'
import { fail, ok, type SearchAnswer } from '../../../preload/contract/index.ts'
import { client, serve } from '../local-server.ts'
import { sessionOver } from '../session.ts'

export type Answers = (words: string, response: ServerResponse) => void

const words = (request: IncomingMessage) => {
  const asked = new URL(request.url!, 'http://x').searchParams
  return asked.get('query') ?? asked.get('q') ?? asked.get('term') ?? ''
}

/** A source that counts how many questions stand open at once. */
async function source(answer: Answers) {
  const asked: string[] = []
  let [open, most] = [0, 0]
  const server = await serve((request, response) => {
    asked.push(words(request))
    most = Math.max(most, ++open)
    response.on('close', () => open--)
    answer(words(request), response)
  })
  return { ...server, asked, most: () => most, open: () => open }
}

const json = (response: ServerResponse, value: unknown) => void response.end(JSON.stringify(value))
export const hubTells =
  (...names: readonly string[]): Answers =>
  (words, response) =>
    json(response, {
      results: names.map((name) => ({ repo_name: name, short_description: `hub on ${words}`, star_count: 7 })),
    })
export const hostTells =
  (...names: readonly string[]): Answers =>
  (words, response) =>
    json(response, { results: names.map((name) => ({ name, description: `host on ${words}`, is_automated: false })) })
export const engineTells =
  (...names: readonly string[]): Answers =>
  (words, response) =>
    json(
      response,
      names.map((name) => ({ name, description: `engine on ${words}`, star_count: 1, is_automated: false })),
    )
export const hangs: Answers = () => undefined
export const breaks: Answers = (_, response) => void response.destroy()
export const says =
  (status: number, body = '', headers = {}): Answers =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

interface Wishes {
  readonly hub?: Answers
  readonly host?: Answers
  /** None answers without it. */
  readonly engine?: Answers
  readonly api?: string
  readonly times?: NonNullable<Parameters<typeof searchService>[0]['times']>
}

export async function searchWorld({ hub = breaks, host, engine, api = '1.41', times }: Wishes) {
  const [hubServer, hostServer, engineServer] = [
    await source(hub),
    await source(host ?? breaks),
    await source(engine ?? breaks),
  ]
  const told: SearchAnswer[] = []
  const away = { code: 'engine-stopped', endpoint: 'unix:///x' } as const
  const [name, port] = engineServer.host.split(':')
  const docker = new Docker({ protocol: 'http', host: name!, port: Number(port) })
  const http = client()
  const discover = searchService({
    engine: { session: () => (engine ? ok(sessionOver(docker, 'unix:///x', api)) : fail(away)) },
    publish: (_, payload) => void told.push(payload as SearchAnswer),
    http,
    registry: registryClient({ http, credentials: async () => undefined }),
    searchHosts: host ? [hostServer.url] : [],
    platform: () => undefined,
    hubApi: hubServer.url,
    times: { debounce: 5, headStart: 60, source: 400, ...times },
  })
  onTestFinished(() => discover.end())
  const search = async (words: string) => {
    const answer = await discover.handlers['search.query'](words)
    if (!answer.ok) throw new Error(answer.error.code)
    return answer.value
  }
  return { hub: hubServer, host: hostServer, engine: engineServer, told, search, discover }
}
