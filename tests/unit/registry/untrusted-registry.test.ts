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

test('of two questions at once, the one whose refusal comes late is asked again with the token of the other', async () => {
  let late: ServerResponse | undefined
  const { url } = await serve((request, answer) => {
    const body = bodies.find((_, at) => request.url?.endsWith(digests[at]!))
    const refuse = (refused: ServerResponse) =>
      refused.writeHead(401, { 'www-authenticate': `Bearer realm="${url}/token",service="registry"` }).end('{}')
    if (request.url?.startsWith('/token')) return void answer.end('{"token":"secret"}')
    if (request.headers.authorization !== 'Bearer secret') {
      if (body === bodies[0]) refuse(answer)
      // Until the other has got its token, and been answered.
      else late = answer
      return
    }
    answer.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json').end(body)
    if (late && body === bodies[0]) refuse(late)
  })
  const { signal } = new AbortController()
  const visit = { address: url, host: 'docker.io', path: 'library/nginx', timeoutMs: 5000, signal }
  const guest = untrustedRegistry(client(), visit)
  const second = guest.manifest(digests[1]!)
  await expect.poll(() => late !== undefined).toBe(true)
  const answers = await Promise.all([guest.manifest(digests[0]!), second])
  expect(answers.map((answer) => answer.ok)).toEqual([true, true])
})
