import { expect, test } from 'vitest'
import { searchService } from '../../../main/search/index.ts'
import { registryClient } from '../../../main/registry/index.ts'
import { client, serve } from '../local-server.ts'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const image = (architecture: string, size: number, variant: string | null = null) => ({
  ...{ architecture, os: 'linux', variant, size },
})

/** Starts the service with fakes of Docker Hub's API and registry, which reply by path, or else with 404. */
async function startService(hub: Readonly<Record<string, unknown>>, registry: Readonly<Record<string, unknown>> = {}) {
  const startServer = (replies: Readonly<Record<string, unknown>>) =>
    serve((request, response) => {
      const answer = replies[request.url!]
      if (answer === undefined) response.writeHead(404).end()
      else if (answer !== 'hangs') response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
  const [api, store] = [await startServer(hub), await startServer(registry)]
  const http = client()
  const disconnected = { code: 'engine-stopped', endpoint: 'x' } as const
  const { handlers } = searchService({
    engine: { session: () => ({ ok: false, error: disconnected }) },
    publish: () => undefined,
    http,
    registry: registryClient({ http, credentials: async () => undefined, hubHost: store.host }),
    searchHosts: [],
    platform: () => 'linux/arm64',
    hubApi: api.url,
    times: { hubTags: 500, registry: 2_000 },
  })
  return { tags: handlers['search.tags'], api, store }
}

const page = '/v2/namespaces/library/repositories/nginx/tags?page_size=100'
const list = '/v2/library/nginx/tags/list?n=1000'

test('Docker Hub’s tags are grouped by digest, with sizes for the engine’s platform, the newest useful tags first', async () => {
  const images = [image('amd64', 10), image('arm64', 20, 'v8'), { ...image('unknown', 1), os: 'unknown' }]
  const day = { last_updated: '2026-08-01T00:00:00Z' }
  const { tags, api } = await startService({
    [page]: {
      next: 'https://elsewhere.invalid/',
      results: [
        { name: '1.31-alpine', digest: digest('c'), images, full_size: 9 },
        { name: '1.31.4', digest: digest('a'), images, ...day },
        { name: 'mainline', digest: digest('a'), images, last_updated: '2026-08-02T00:00:00Z' },
        { name: 'not a tag' },
        { broken: true },
      ],
    },
    [`${page}&page=2`]: {
      next: null,
      results: [
        { name: 'latest', digest: digest('a'), images, ...day },
        { name: '1.30.9', digest: 'odd', images: [image('amd64', 10)] },
      ],
    },
  })
  const platforms = ['linux/amd64', 'linux/arm64']
  expect(await tags('docker.io/library/nginx')).toEqual({
    ok: true,
    value: {
      ...{ repository: 'nginx', source: 'hub', more: false },
      variants: [
        { tags: ['latest', '1.31.4', 'mainline'], platforms, size: 20, updated: 1785628800, digest: digest('a') },
        { tags: ['1.30.9'], platforms: ['linux/amd64'] },
        { tags: ['1.31-alpine'], platforms, size: 20, digest: digest('c') },
      ],
    },
  })
  expect(api.requests).toHaveLength(2)
})

test('if Docker Hub’s API does not answer, the registry is asked', async () => {
  const { tags } = await startService(
    { [page]: 'hangs' },
    { [list]: { tags: ['1.0', '2.0', '10.0', 'latest', '11.0-rc1'] } },
  )
  const answer = await tags('nginx')
  expect(answer).toMatchObject({ value: { source: 'registry', more: false, failure: { code: 'registry-slow' } } })
  expect(answer.ok && answer.value.variants.map(({ tags }) => tags[0])).toEqual([
    ...['latest', '10.0', '2.0', '1.0', '11.0-rc1'],
  ])
})

test('if the registry lists no tags, the catalogue’s tags are used, with their date', async () => {
  const { tags } = await startService({ [page]: '<html>' }, { [list]: { tags: null } })
  const answer = await tags('nginx')
  expect(answer).toMatchObject({
    value: { source: 'catalogue', asOf: '2026-08-22', more: true, failure: { code: 'registry-invalid-reply' } },
  })
  expect(answer.ok && answer.value.variants[0]).toMatchObject({
    tags: expect.arrayContaining(['latest', 'mainline']),
    platforms: expect.arrayContaining(['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386']),
  })
})

test('if a later page fails, the tags of the earlier pages stay', async () => {
  const { tags } = await startService({ [page]: { next: 'more', results: [{ name: '1' }] } })
  expect(await tags('nginx')).toMatchObject({ value: { source: 'hub', more: true, variants: [{ tags: ['1'] }] } })
})

test('an image that no source has is reported as unknown, and an invalid name as invalid', async () => {
  const { tags, api } = await startService({})
  expect(await tags('team/none')).toEqual({ ok: false, error: { code: 'reference-unknown', reference: 'team/none' } })
  expect(await tags('No Name')).toEqual({ ok: false, error: { code: 'reference-invalid', reference: 'No Name' } })
  expect(await tags('constructor')).toMatchObject({ ok: false, error: { code: 'reference-unknown' } })
  expect(api.requests[0]).toBe('GET /v2/namespaces/team/repositories/none/tags?page_size=100')
})

test('tags of another registry are requested from that registry only', async () => {
  const { tags, store, api } = await startService({}, { '/v2/team/app/tags/list?n=1000': { tags: ['a'] } })
  const repository = `${store.host}/team/app`
  const variants = [{ tags: ['a'], platforms: [] }]
  expect(await tags(repository)).toEqual({ ok: true, value: { repository, source: 'registry', variants, more: false } })
  expect(api.requests).toEqual([])
})
