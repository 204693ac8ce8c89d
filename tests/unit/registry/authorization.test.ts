import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  registryClient,
  untrustedRegistry,
  type Credentials,
  type CredentialStore,
} from '../../../main/registry/index.ts'
import { client, serve } from '../local-server.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())
/** Lets the time pass after which a stored login is read again. */
const passCheckTime = () => vi.setSystemTime(Date.now() + 11_000)

const digest = `sha256:${'a'.repeat(64)}`
const manifestHeaders = {
  'content-type': 'application/vnd.oci.image.manifest.v1+json',
  'docker-content-digest': digest,
}

/** A registry whose tokens are valid until `expireTokens`, or never if `acceptsTokens` is false. */
async function startRegistry({ lifetime = 300, acceptsTokens = true } = {}) {
  let issued = 0
  let validFrom = 1
  const authorizations: (string | undefined)[] = []
  const server = await serve((request, response) => {
    const { authorization } = request.headers
    if (request.url!.startsWith('/token'))
      return void response.end(JSON.stringify({ token: `t${++issued}`, expires_in: lifetime }))
    authorizations.push(authorization)
    const number = Number(/^Bearer t(\d+)$/.exec(authorization ?? '')?.[1] ?? 0)
    if (!acceptsTokens || number < validFrom)
      return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end()
    response.writeHead(200, manifestHeaders).end()
  })
  return { ...server, authorizations, expireTokens: () => (validFrom = issued + 1) }
}

const trusted = () => registryClient({ http: client(), credentials: async () => undefined })
const untrusted = (address: string, host = 'mirror.example') =>
  untrustedRegistry(client(), {
    ...{ address, host, path: 'library/x', timeoutMs: 5000 },
    signal: new AbortController().signal,
  })

test('a token is used again for the same repository, and for no other', async () => {
  const { host, authorizations } = await startRegistry()
  const { head } = trusted()
  for (const name of ['a/x:1', 'a/x:2', 'a/y:1']) expect(await head(`${host}/${name}`)).toMatchObject({ ok: true })
  expect(authorizations).toEqual([undefined, 'Bearer t1', 'Bearer t1', undefined, 'Bearer t2'])
})

test('a token that the registry no longer accepts is replaced by a new one', async () => {
  const { host, authorizations, expireTokens } = await startRegistry()
  const { head } = trusted()
  await head(`${host}/x:1`)
  expireTokens()
  expect(await head(`${host}/x:1`)).toMatchObject({ ok: true })
  expect(authorizations).toEqual([undefined, 'Bearer t1', 'Bearer t1', 'Bearer t2'])
})

/** A registry that shows its images to Ann only. `setStored` changes the login that Docker stores. */
async function startPrivateRegistry() {
  const accepted: string[] = []
  const server = await serve(({ url, headers: { authorization } }, response) => {
    const login = Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    if (url!.startsWith('/token')) return void response.end(JSON.stringify({ token: login.split(':')[0] || 'anyone' }))
    const user = authorization?.replace('Bearer ', '') ?? ''
    if (!['ann', 'bob'].includes(user))
      return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end()
    accepted.push(user)
    response.writeHead(200, manifestHeaders).end()
  })
  let stored: Awaited<ReturnType<CredentialStore>>
  let reads = 0
  const credentials = async () => {
    reads++
    return stored
  }
  const { head } = registryClient({ http: client(), credentials })
  return {
    ...server,
    accepted,
    reads: () => reads,
    read: () => head(`${server.host}/x:1`),
    setStored(login: typeof stored) {
      stored = login
    },
  }
}
const passwordOf = (username: string): Credentials => ({ kind: 'password', username, password: 'secret' })

test('a token of a login is used as long as Docker stores the same login', async () => {
  const { host, accepted, read, requests, setStored } = await startPrivateRegistry()
  setStored(passwordOf('ann'))
  expect(await read()).toMatchObject({ ok: true })
  const requestsOfLogin = requests.length
  setStored({ ...passwordOf('ann') })
  expect(await read()).toMatchObject({ ok: true })
  expect(requests.slice(requestsOfLogin)).toEqual(['HEAD /v2/x/manifests/1'])

  passCheckTime()
  setStored(passwordOf('bob'))
  expect(await read()).toMatchObject({ ok: true })
  expect(accepted).toEqual(['ann', 'ann', 'bob'])

  passCheckTime()
  setStored(undefined)
  expect(await read()).toEqual({ ok: false, error: { code: 'registry-login', host } })
  setStored(passwordOf('ann'))
  expect(await read()).toMatchObject({ ok: true })
  passCheckTime()
  const helper = { name: 'docker-credential-pass', problem: 'slow', message: '' } as const
  setStored({ kind: 'helper-failed', failure: helper })
  expect(await read()).toEqual({ ok: false, error: { code: 'registry-login', host, helper } })
  expect(accepted).toEqual(['ann', 'ann', 'bob', 'ann'])
})

test('the stored login of a kept token is read once in ten seconds, since a helper may be slow', async () => {
  const { accepted, read, reads, setStored } = await startPrivateRegistry()
  setStored(passwordOf('ann'))
  for (let count = 0; count < 3; count++) expect(await read()).toMatchObject({ ok: true })
  expect(reads()).toBe(1)
  passCheckTime()
  for (let count = 0; count < 3; count++) expect(await read()).toMatchObject({ ok: true })
  expect(reads()).toBe(2)
  expect(accepted).toEqual(Array.from({ length: 6 }, () => 'ann'))
})

test('a check of the stored login does not make its token valid for longer', async () => {
  const { read, requests, setStored } = await startPrivateRegistry()
  setStored(passwordOf('ann'))
  for (let seconds = 0; seconds < 59; seconds += 11) {
    await read()
    passCheckTime()
  }
  const tokenRequests = () => requests.filter((request) => request.includes('/token')).length
  const requestsOfLogin = tokenRequests()
  await read()
  expect(tokenRequests()).toBe(requestsOfLogin * 2)
})

test('a failed token request names the host that failed, which is not always the registry', async () => {
  const broken = await serve(({ socket }) => void socket.destroy())
  const server = await serve((_, response) => {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${broken.url}/token"` }).end()
  })
  expect(await trusted().head(`${server.host}/x:1`)).toMatchObject({
    error: { code: 'registry-unreachable', host: broken.host, reason: 'cut' },
  })
})

test('a login that the user stores takes effect at once where an anonymous token is now refused', async () => {
  const accepted: string[] = []
  let isPublic = true
  const server = await serve(({ url, headers: { authorization } }, response) => {
    if (url!.startsWith('/token'))
      return void response.end(JSON.stringify({ token: authorization ? 'ann' : 'anyone', expires_in: 300 }))
    const user = authorization?.replace('Bearer ', '')
    if (user !== 'ann' && !(user === 'anyone' && isPublic)) {
      const status = user === undefined ? 401 : 403
      return void response.writeHead(status, { 'www-authenticate': `Bearer realm="${server.url}/token"` }).end()
    }
    accepted.push(user)
    response.writeHead(200, manifestHeaders).end()
  })
  const { head } = registryClient({ http: client(), credentials: async () => passwordOf('ann') })
  expect(await head(`${server.host}/x:1`)).toMatchObject({ ok: true })
  isPublic = false
  expect(await head(`${server.host}/x:1`)).toMatchObject({ ok: true })
  expect(accepted).toEqual(['anyone', 'ann'])
})

test('a token without a lifetime left is not kept', async () => {
  const { host, authorizations } = await startRegistry({ lifetime: 0 })
  const { head } = trusted()
  await head(`${host}/x:1`)
  await head(`${host}/x:1`)
  expect(authorizations).toEqual([undefined, 'Bearer t1', undefined, 'Bearer t2'])
})

test('a registry that refuses each new token gets one request with a token', async () => {
  const { host, url, requests } = await startRegistry({ acceptsTokens: false })
  expect(await trusted().head(`${host}/x:1`)).toEqual({ ok: false, error: { code: 'registry-login', host } })
  const requestsOfClient = requests.length
  const registry = untrusted(url)
  expect(await registry.manifest('1')).toMatchObject({ error: { code: 'registry-login', host: 'mirror.example' } })
  expect(await registry.manifest('2')).toMatchObject({ error: { code: 'registry-login', host: 'mirror.example' } })
  expect(requests.slice(requestsOfClient)).toEqual([
    'GET /v2/library/x/manifests/1',
    'GET /token?scope=repository%3Alibrary%2Fx%3Apull',
    'GET /v2/library/x/manifests/1',
    'GET /v2/library/x/manifests/2',
  ])
})

test('an untrusted registry that asks for a password gets none', async () => {
  const headers: unknown[] = []
  const { url } = await serve((request, response) => {
    headers.push(request.headers.authorization)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="mirror"' }).end()
  })
  expect(await untrusted(url).manifest('1')).toMatchObject({ error: { code: 'registry-login' } })
  expect(headers).toEqual([undefined])
})
