import { execFileSync } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registryClient } from '../../../main/registry/index.ts'
import { fillRegistry } from '../../../tools/world/fill.ts'
import { ann, startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { matrix } from '../matrix.ts'
import { randomImage } from '../pull/puller.ts'
import { listen, openHttp, stopAfterTest, trustNewAuthority } from './hosts.ts'
import { digestsAfterPull, forwardTo, openClient } from './insecure.ts'

/** An address of this world that is not a loopback address, for which Docker allows plain HTTP without being told. */
const address = '10.118.0.1'
beforeAll(() => void execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']))
afterAll(() => void execFileSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']))

/** Makes a registry available at `address` over plain HTTP. `received`: the headers of each request. */
async function expose(registry: Registry) {
  const { answer, received } = forwardTo(registry)
  return { host: `${address}:${await listen(createServer(answer), address)}`, received }
}

test('a registry without TLS may hand out anonymous tokens itself, as Harbor does', async () => {
  const received: (string | undefined)[] = []
  const server = createServer(({ url, headers }, response) => {
    received.push(headers.authorization)
    if (url?.startsWith('/service/token')) return void response.end('{"token":"anonymous"}')
    if (headers.authorization === 'Bearer anonymous') return void response.end('{"tags":["1"]}')
    response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${headers.host}/service/token"` }).end()
  })
  const host = `${address}:${await listen(server, address)}`
  const { tags } = registryClient({
    ...{ http: openHttp(), credentials: async () => ({ kind: 'password', ...ann }) },
    insecureRegistries: async () => ({ hosts: [host], cidrs: [] }),
  })
  expect(await tags(`${host}/team/app`)).toEqual({ ok: true, value: { tags: ['1'], more: false } })
  expect(received).toEqual([undefined, undefined, 'Bearer anonymous'])
})

test('a token that was issued for a login is not sent over plain HTTP when https stops working', async () => {
  const authority = trustNewAuthority()
  const received: (string | undefined)[] = []
  const answer: RequestListener = ({ url, headers: { authorization, host } }, response) => {
    if (url?.startsWith('/token')) return void response.end(`{"token":"${authorization ? 'ann' : 'anyone'}"}`)
    received.push(authorization)
    if (authorization === 'Bearer ann') return void response.end('{"tags":["1"]}')
    response.writeHead(401, { 'www-authenticate': `Bearer realm="https://${host}/token"` }).end()
  }
  const secure = createTlsServer(authority.issue([address]), answer)
  const port = await listen(secure, address)
  const host = `${address}:${port}`
  const { tags } = registryClient({
    ...{ http: openHttp(), credentials: async () => ({ kind: 'password', ...ann }) },
    insecureRegistries: async () => ({ hosts: [host], cidrs: [] }),
  })
  expect(await tags(`${host}/team/app`)).toMatchObject({ ok: true })
  expect(received).toEqual([undefined, 'Bearer anyone', 'Bearer ann'])

  secure.closeAllConnections()
  await new Promise((resolve) => secure.close(resolve))
  await listen(createServer(answer), address, port)
  expect(await tags(`${host}/team/app`)).toMatchObject({ ok: false })
  expect(received.slice(3)).toEqual([undefined])
})

describe.each(matrix)('$title', (options) => {
  test('a registry without TLS is read if the engine is told to trust it, by its name or its address', async () => {
    const registry = stopAfterTest(await startRegistry())
    await fillRegistry(registry, [randomImage('team/app:1', [100_000])])
    const { host } = await expose(registry)
    for (const trusted of [host, '10.118.0.0/16']) {
      const { head, tags, contents, engine } = await openClient(options, [trusted])
      expect(await tags(`${host}/team/app`)).toEqual({ ok: true, value: { tags: ['1'], more: false } })
      const found = await head(`${host}/team/app:1`)
      expect((await contents(`${host}/team/app:1`, 'linux/amd64'))?.layers).toHaveLength(1)
      // The engine agrees.
      expect(await digestsAfterPull(engine, `${host}/team/app:1`)).toEqual([
        `${host}/team/app@${found.ok ? found.value.digest : ''}`,
      ])
    }
  })

  test('a registry without TLS gets no plain request if the engine is not told to trust it', async () => {
    const registry = stopAfterTest(await startRegistry())
    await fillRegistry(registry, [randomImage('team/app:1', [100_000])])
    const { host, received } = await expose(registry)
    const { head, tags } = await openClient(options, ['10.119.0.0/16', 'registry.example:5000'])
    const refused = { ok: false, error: { code: 'registry-tls', host } }
    expect(await tags(`${host}/team/app`)).toMatchObject(refused)
    expect(await head(`${host}/team/app:1`)).toMatchObject(refused)
    expect(received).toEqual([])
  })

  test('a stored login is not sent over plain HTTP, and the failure says so', async () => {
    const registry = stopAfterTest(await startRegistry({ private: true }))
    await fillRegistry(registry, [randomImage('team/secret:1', [100_000])])
    const { host, received } = await expose(registry)
    const { tags } = await openClient(options, [host], { kind: 'password', ...ann })
    const error = { code: 'registry-login', host, reason: 'unencrypted' }
    expect(await tags(`${host}/team/secret`)).toEqual({ ok: false, error })
    expect(received).toHaveLength(1)
    expect(received[0]).not.toHaveProperty('authorization')
  })
})
