import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { untrustedRegistry } from '../../../main/registry/index.ts'
import { client, serve } from '../local-server.ts'

const bodies = ['older', 'oldest'].map((name) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    annotations: { name },
    config: { digest: `sha256:${'0'.repeat(64)}`, size: 2 },
    layers: [],
  }),
)
const digests = bodies.map((body) => `sha256:${createHash('sha256').update(body).digest('hex')}`)

test('a request succeeds even if its 401 arrives after a parallel request has received a token', async () => {
  let lateResponse: ServerResponse | undefined
  const { url } = await serve((request, response) => {
    const body = bodies.find((_, index) => request.url?.endsWith(digests[index]!))
    const refuse = (refused: ServerResponse) =>
      refused.writeHead(401, { 'www-authenticate': `Bearer realm="${url}/token",service="registry"` }).end('{}')
    if (request.url?.startsWith('/token')) return void response.end('{"token":"secret"}')
    if (request.headers.authorization !== 'Bearer secret') {
      if (body === bodies[0]) refuse(response)
      // This response waits until the other request has its token and its reply.
      else lateResponse = response
      return
    }
    response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json').end(body)
    if (lateResponse && body === bodies[0]) refuse(lateResponse)
  })
  const { signal } = new AbortController()
  const options = { address: url, host: 'docker.io', path: 'library/nginx', timeoutMs: 5000, signal }
  const registry = untrustedRegistry(client(), options)
  const lateRequest = registry.manifest(digests[1]!)
  await expect.poll(() => lateResponse !== undefined).toBe(true)
  const results = await Promise.all([registry.manifest(digests[0]!), lateRequest])
  expect(results.map((result) => result.ok)).toEqual([true, true])
})
