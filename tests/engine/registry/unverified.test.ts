/** Registries whose certificate nobody vouches for, and registries that do not answer over TLS. */
import { execFileSync } from 'node:child_process'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registryClient } from '../../../main/registry/index.ts'
import { makeAuthority } from '../../../tools/world/hub/authority.ts'
import { fillRegistry } from '../../../tools/world/fill.ts'
import { ann, startRegistry, type RegistryOptions } from '../../../tools/world/registry.ts'
import { matrix } from '../matrix.ts'
import { randomImage } from '../pull/puller.ts'
import { listen, openHttp, stopAfterTest, temporaryFolder } from './hosts.ts'
import { digestsAfterPull, forwardTo, openClient } from './insecure.ts'

/** Not a loopback address, for which Docker never verifies a certificate. */
const address = '10.119.0.1'
beforeAll(() => void execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']))
afterAll(() => void execFileSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']))

/** @returns the host of a server with a self-signed certificate */
async function startUntrusted(answer: RequestListener): Promise<string> {
  const certificate = makeAuthority(temporaryFolder()).selfSigned(['registry.example'])
  return `${address}:${await listen(createTlsServer(certificate, answer), address)}`
}

async function startFilledRegistry(options: RegistryOptions = {}) {
  const registry = stopAfterTest(await startRegistry(options))
  await fillRegistry(registry, [randomImage('team/app:1', [100_000])])
  return forwardTo(registry)
}

describe.each(matrix)('$title', (options) => {
  test('a registry with a certificate of nobody is read if the engine is told to trust it', async () => {
    const { answer } = await startFilledRegistry()
    const host = await startUntrusted(answer)
    const { head, tags, contents, engine } = await openClient(options, [host])
    expect(await tags(`${host}/team/app`)).toEqual({ ok: true, value: { tags: ['1'], more: false } })
    const found = await head(`${host}/team/app:1`)
    expect((await contents(`${host}/team/app:1`, 'linux/amd64'))?.layers).toHaveLength(1)
    expect(await head(`${host}/team/app:2`)).toMatchObject({ error: { code: 'reference-unknown' } })
    // The engine agrees.
    const digests = [`${host}/team/app@${found.ok ? found.value.digest : ''}`]
    expect(await digestsAfterPull(engine, `${host}/team/app:1`)).toEqual(digests)
  })

  test('it gets no request if the engine is told to trust another one', async () => {
    const { answer, received } = await startFilledRegistry()
    const host = await startUntrusted(answer)
    const { tags } = await openClient(options, ['10.118.0.0/16', 'registry.example'])
    expect(await tags(`${host}/team/app`)).toMatchObject({ error: { code: 'registry-tls', host } })
    expect(received).toEqual([])
  })

  test('it gets no stored login, and the failure says why', async () => {
    const { answer, received } = await startFilledRegistry({ private: true })
    const host = await startUntrusted(answer)
    const { tags } = await openClient(options, [host], { kind: 'password', ...ann })
    const error = { code: 'registry-login', host, reason: 'unverified' }
    expect(await tags(`${host}/team/app`)).toEqual({ ok: false, error })
    expect(received.map(({ authorization }) => authorization)).toEqual([undefined])
  })
})

test('a registry with a certificate of nobody may hand out anonymous tokens itself, and no other host may', async () => {
  const logins: (string | undefined)[] = []
  const elsewhere = await startUntrusted(({ headers }, response) => {
    logins.push(headers.authorization)
    response.end('{"token":"anonymous"}')
  })
  const host = await startUntrusted(({ url, headers }, response) => {
    logins.push(headers.authorization)
    if (url?.startsWith('/token')) return void response.end('{"token":"anonymous"}')
    if (headers.authorization === 'Bearer anonymous') return void response.end('{"tags":["1"]}')
    const realm = url?.includes('/elsewhere/') ? elsewhere : headers.host
    response.writeHead(401, { 'www-authenticate': `Bearer realm="https://${realm}/token"` }).end()
  })
  const { tags } = registryClient({
    ...{ http: openHttp(), credentials: async () => ({ kind: 'password', ...ann }) },
    insecureRegistries: async () => ({ hosts: [host], cidrs: [] }),
  })
  expect(await tags(`${host}/team/app`)).toEqual({ ok: true, value: { tags: ['1'], more: false } })
  expect(await tags(`${host}/elsewhere/app`)).toMatchObject({ error: { code: 'registry-tls' } })
  expect(logins).toEqual([undefined, undefined, 'Bearer anonymous', undefined])
})

test('a redirect to another host is followed with verification', async () => {
  const received: string[] = []
  const other = await startUntrusted((request, response) => {
    received.push(request.url!)
    response.end('{"tags":["1"]}')
  })
  const host = await startUntrusted((request, response) => {
    response.writeHead(307, { location: `https://${other}${request.url}` }).end()
  })
  const { tags } = registryClient({
    ...{ http: openHttp(), credentials: async () => undefined },
    insecureRegistries: async () => ({ hosts: [host], cidrs: [] }),
  })
  expect(await tags(`${host}/team/app`)).toMatchObject({ error: { code: 'registry-tls' } })
  expect(received).toEqual([])
})

test('a registry that never answers over TLS is read over plain HTTP if the engine is told to trust it', async () => {
  const { answer } = await startFilledRegistry()
  const http = createHttpServer(answer)
  const held = new Set<Socket>()
  // The first byte of TLS is 22.
  const server = createServer((socket) =>
    socket.once('data', (chunk) => {
      if (chunk[0] === 22) return void held.add(socket)
      socket.unshift(chunk)
      http.emit('connection', socket)
    }),
  )
  stopAfterTest({ stop: () => held.forEach((socket) => socket.destroy()) })
  server.listen(0, address)
  await new Promise((resolve) => server.once('listening', resolve))
  stopAfterTest({ stop: () => void server.close() })
  const { port } = server.address() as { port: number }
  const host = `${address}:${port}`
  const client = (hosts: readonly string[]) =>
    registryClient({
      ...{ http: openHttp(), credentials: async () => undefined },
      insecureRegistries: async () => ({ hosts, cidrs: [] }),
    })
  expect(await client([]).tags(`${host}/team/app`)).toEqual({ ok: false, error: { code: 'registry-slow', host } })
  expect(await client([host]).tags(`${host}/team/app`)).toMatchObject({ ok: true, value: { tags: ['1'] } })
})
