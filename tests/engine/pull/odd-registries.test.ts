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
import { failureOf, openPuller, type Puller } from './puller.ts'

/**
 * An address that exists only in this world. It is no loopback address, because an engine does not check the
 * certificates of registries at loopback addresses.
 */
const address = '10.117.0.1'
const servers: Server[] = []
beforeAll(() => void execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']))
afterAll(() => void execFileSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']))
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const sendPage: RequestListener = (_, response) =>
  void response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<!doctype html><html><head><title>Welcome</title></head><body>Please log in to the network</body></html>')

/** Starts the server. @returns its host and port */
async function listen(server: Server, host: string): Promise<string> {
  servers.push(server)
  server.listen(0, host)
  await once(server, 'listening')
  return `${host}:${(server.address() as AddressInfo).port}`
}

/**
 * Starts a registry whose certificate is for these names and signed by an unknown authority.
 * @returns its host and port
 */
function startUntrustedTls(names: readonly string[]): Promise<string> {
  const { key, cert } = makeAuthority(mkdtempSync(join(tmpdir(), 'untrusted-'))).issue(names)
  return listen(createTlsServer({ key, cert }, sendPage), address)
}

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let app: Puller
  beforeAll(async () => {
    engine = await startEngine(options)
    app = await openPuller(engine)
  })
  afterAll(async () => {
    await app?.stop()
    await engine?.stop()
  })

  test('a web page in place of a registry is reported; in a pull by digest with the containerd store, as corrupt content', async () => {
    const host = await listen(createServer(sendPage), '127.0.0.1')
    expect(failureOf(await app.pull(`${host}/team/x:1`))).toEqual({ code: 'registry-invalid-reply', host })
    const reference = `${host}/team/x@sha256:${'a'.repeat(64)}`
    expect(failureOf(await app.pull(reference))).toEqual(
      options.store === 'classic' ? { code: 'registry-invalid-reply', host } : { code: 'pull-corrupt', reference },
    )
  })

  test.each([
    ['of an unknown authority', [address], { reason: 'unknown-authority' }],
    ['for another name', ['registry.example'], {}],
  ])('a certificate %s is reported as a TLS failure', async (_, names, reason) => {
    const host = await startUntrustedTls(names)
    const failure = failureOf(await app.pull(`${host}/team/x:1`))
    expect(failure).toEqual({ code: 'registry-tls', host, detail: expect.stringContaining('x509'), ...reason })
    expect(app.logins.requested).toEqual([])
  })
})
