/** A registry whose realm is on another host, over DNS and TLS: `registry.… → auth.…`, as GitLab's and Aliyun's are. */
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { expect, onTestFinished, test } from 'vitest'
import { registryClient, type Credentials } from '../../../main/registry/index.ts'
import { registriesService } from '../../../main/registries/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { claimDomain } from '../../../tools/world/mirrors/dns.ts'
import { listen, openHttp, temporaryFolder, trustNewAuthority } from './hosts.ts'

const ann: Credentials = { kind: 'password', username: 'ann', password: 'open sesame' }
const basicAnn = `Basic ${btoa('ann:open sesame')}`

/** Starts two hosts. `open/x` is public, only Ann may read `shut/x`. `logins`: what the realm has received. */
async function startHosts() {
  const domain = await claimDomain()
  onTestFinished(() => domain.stop())
  const authority = trustNewAuthority()

  async function start(name: string, answer: RequestListener) {
    const host = `${name}.${domain.name}`
    const address = `127.3.${domain.number}.1`
    domain.set(host, address)
    return `${host}:${await listen(createServer(authority.issue([host]), answer), address)}`
  }

  const logins: (string | undefined)[] = []
  const realm = await start('auth', ({ headers: { authorization } }, response) => {
    logins.push(authorization)
    response.end(JSON.stringify({ token: authorization === basicAnn ? 'ann' : 'anyone' }))
  })
  const registry = await start('registry', ({ url, headers: { authorization = '' } }, response) => {
    const accepted = url?.includes('/shut/') ? ['Bearer ann'] : ['Bearer ann', 'Bearer anyone']
    if (accepted.includes(authorization)) return void response.end('{"tags":["1"]}')
    response.writeHead(401, { 'www-authenticate': `Bearer realm="https://${realm}/jwt/auth",service="r"` }).end()
  })
  return { registry, realm, logins }
}

/** The client and the service as main composes them. */
function openApp(folder: string, stored?: Credentials) {
  const store = openStore(folder)
  const { allowsRealm, handlers } = registriesService(store.realms)
  const client = registryClient({ http: openHttp(), credentials: async () => stored, allowsRealm })
  return { ...client, ...handlers, end: store.end }
}

const readable = { ok: true, value: { tags: ['1'], more: false } }

test('a public repository is read with an anonymous token of the other host, without a question', async () => {
  const { registry, logins } = await startHosts()
  const { tags } = openApp(temporaryFolder(), ann)
  expect(await tags(`${registry}/open/x`)).toEqual(readable)
  expect(logins).toEqual([undefined])
})

test('a login is sent to the other host only after the user has allowed it, which is remembered', async () => {
  const { registry, realm, logins } = await startHosts()
  const folder = temporaryFolder()
  const app = openApp(folder, ann)
  const question = { ok: false, error: { code: 'registry-realm', host: registry, realm } }
  const pair = { host: registry, realm }
  const notAsked = { ok: false, error: { code: 'bad-input' } }
  expect(await app['registries.allowRealm'](pair)).toEqual(notAsked)
  expect(await app.tags(`${registry}/shut/x`)).toEqual(question)
  expect(await app['registries.allowRealm']({ ...pair, realm: 'other.example' })).toEqual(notAsked)
  expect(await app['registries.allowRealm']({ ...pair, host: 'other.example' })).toEqual(notAsked)
  expect(await app.tags(`${registry}/shut/x`)).toEqual(question)
  expect(logins).toEqual([undefined, undefined])

  expect(await app['registries.allowRealm'](pair)).toEqual({ ok: true, value: undefined })
  expect(await app.tags(`${registry}/shut/x`)).toEqual(readable)
  expect(logins.slice(2)).toEqual([undefined, basicAnn])
  await app.end()

  const afterRestart = openApp(folder, ann)
  expect(await afterRestart.tags(`${registry}/shut/x`)).toEqual(readable)
})

test('without a stored login, the user is told to log in, and is not asked about the other host', async () => {
  const { registry } = await startHosts()
  const { tags } = openApp(temporaryFolder())
  expect(await tags(`${registry}/shut/x`)).toEqual({ ok: false, error: { code: 'registry-login', host: registry } })
})
