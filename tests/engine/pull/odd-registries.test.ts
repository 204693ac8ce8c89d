import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { makeAuthority } from '../../../tools/world/hub/authority.ts'
import { matrix } from '../matrix.ts'
import { failureOf, openPuller, type PullerWorld } from './puller.ts'

/** Of this world alone, and not loopback: there an engine looks at no certificate. */
const address = '10.117.0.1'
const servers: Server[] = []
beforeAll(() => void execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']))
afterAll(() => void execFileSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']))
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const page: RequestListener = (_, response) =>
  void response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<!doctype html><html><head><title>Welcome</title></head><body>Please log in to the network</body></html>')

async function listening(server: Server, at: string): Promise<string> {
  servers.push(server)
  server.listen(0, at)
  await once(server, 'listening')
  return `${at}:${(server.address() as AddressInfo).port}`
}

/** A registry with a certificate for these names that no engine has reason to trust. */
function untrusted(names: readonly string[]): Promise<string> {
  const { key, cert } = makeAuthority(mkdtempSync(join(tmpdir(), 'untrusted-'))).issue(names)
  return listening(createTlsServer({ key, cert }, page), address)
}

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let app: PullerWorld
  beforeAll(async () => {
    engine = await startEngine(wish)
    app = await openPuller(engine)
  })
  afterAll(async () => {
    await app?.stop()
    await engine?.stop()
  })

  test('a web page in a registry’s place is told as one; by digest, the containerd store sees the wrong content', async () => {
    const host = await listening(createServer(page), '127.0.0.1')
    expect(failureOf(await app.pull(`${host}/team/x:1`))).toEqual({ code: 'registry-nonsense', host })
    const reference = `${host}/team/x@sha256:${'a'.repeat(64)}`
    expect(failureOf(await app.pull(reference))).toEqual(
      wish.store === 'classic' ? { code: 'registry-nonsense', host } : { code: 'pull-corrupt', reference },
    )
  })

  test.each([
    ['that nobody knows', [address]],
    ['for another name', ['registry.example']],
  ])('a certificate %s is told as what it is', async (_, names) => {
    const host = await untrusted(names)
    const failure = failureOf(await app.pull(`${host}/team/x:1`))
    expect(failure).toEqual({ code: 'registry-tls', host, detail: expect.stringContaining('x509') })
    expect(app.logins.asked).toEqual([])
  })
})
