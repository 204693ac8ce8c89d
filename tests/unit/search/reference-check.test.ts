import { expect, test } from 'vitest'
import { searchService } from '../../../main/search/index.ts'
import { registryClient } from '../../../main/registry/index.ts'
import { client, serve } from '../local-server.ts'

const digest = `sha256:${'a'.repeat(64)}`
const otherDigest = `sha256:${'b'.repeat(64)}`
const headers = {
  'content-type': 'application/vnd.docker.distribution.manifest.v2+json',
  'docker-content-digest': digest,
}

async function startService() {
  const server = await serve((request, response) => {
    if (request.url!.includes('/slow/')) return
    const exists = /\/x\/manifests\/(1|sha256:.*)$/.test(request.url!) && !request.url!.endsWith('c')
    response
      .writeHead(exists ? 200 : 404, exists ? headers : { 'docker-distribution-api-version': 'registry/2.0' })
      .end()
  })
  const http = client()
  const disconnected = { code: 'engine-stopped', endpoint: 'x' } as const
  const service = searchService({
    engine: { session: () => ({ ok: false, error: disconnected }) },
    publish: () => undefined,
    ...{ http, searchHosts: [], platform: () => undefined, times: { registry: 500 } },
    registry: registryClient({ http, credentials: async () => undefined }),
  })
  return { ...service, ...server }
}

test('a reference is checked with one HEAD, and a failure is reported with its reason', async () => {
  const { checkReference: check, host, requests } = await startService()
  expect(await check(`${host}/x:1`)).toMatchObject({ ok: true, value: { digest } })
  expect(requests).toEqual(['HEAD /v2/x/manifests/1'])
  expect(await check(`${host}/x:2`)).toMatchObject({ error: { code: 'reference-unknown', reference: `${host}/x:2` } })
  expect(await check('x:')).toEqual({ ok: false, error: { code: 'reference-invalid', reference: 'x:' } })
  expect(await check(`${host}/slow/x:1`)).toEqual({ ok: false, error: { code: 'registry-slow', host } })
})

test('a digest exists only if the registry answers with the same digest', async () => {
  const { digestExists, host, server } = await startService()
  expect(await digestExists(`${host}/x`, digest)).toEqual({ ok: true, value: true })
  expect(await digestExists(`${host}/x`, otherDigest)).toEqual({ ok: true, value: false })
  expect(await digestExists(`${host}/x`, `sha256:${'c'.repeat(64)}`)).toEqual({ ok: true, value: false })
  server.close()
  server.closeAllConnections()
  expect(await digestExists(`${host}/x`, digest)).toMatchObject({ error: { code: 'registry-unreachable' } })
})
