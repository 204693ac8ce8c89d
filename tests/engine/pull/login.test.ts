import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { dockerCredentials } from '../../../main/registry/index.ts'
import { storedLogins } from '../../../main/pull/index.ts'
import { startEngine, type EngineOptions } from '../../../tools/world/engine.ts'
import { fillRegistry } from '../../../tools/world/fill.ts'
import { startHub } from '../../../tools/world/hub.ts'
import { ann, startRegistry } from '../../../tools/world/registry.ts'
import { matrix } from '../matrix.ts'
import { failureOf, noisy, openPuller } from './puller.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})
function kept<T extends { stop(): unknown }>(thing: T): T {
  ends.push(() => thing.stop())
  return thing
}

/** Docker Hub in Docker's own store. */
const hubKey = 'https://index.docker.io/v1/'

/** A home where `docker login` has left these passwords of Ann's. */
function logins(passwords: Readonly<Record<string, string>>) {
  const home = mkdtempSync(join(tmpdir(), 'logins-'))
  const auths = Object.entries(passwords).map(([key, word]) => [key, { auth: btoa(`${ann.username}:${word}`) }])
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: Object.fromEntries(auths) }))
  return storedLogins(dockerCredentials({ env: { DOCKER_CONFIG: home }, home }))
}

describe.each(matrix)('$title', (wish) => {
  test('a private registry refuses at first, and gives the image for the login that Docker has stored', async () => {
    const registry = kept(await startRegistry({ private: true }))
    await fillRegistry(registry, [noisy('team/secret:1', [100_000])])
    const engine = kept(await startEngine(wish))
    const reference = `${registry.host}/team/secret:1`
    const refused = { code: 'registry-login', host: registry.host }

    const stranger = kept(await openPuller(engine, logins({ 'elsewhere.example': ann.password })))
    expect(failureOf(await stranger.pull(reference))).toEqual(refused)
    expect(stranger.logins.asked).toEqual([reference])
    const mistaken = kept(await openPuller(engine, logins({ [registry.host]: 'open barley' })))
    expect(failureOf(await mistaken.pull(reference))).toEqual(refused)
    const known = kept(await openPuller(engine, logins({ [registry.host]: ann.password })))
    expect(await known.pull(reference)).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
    expect(known.logins.asked).toEqual([reference])
    expect(await engine.docker.getImage(reference).inspect()).toMatchObject({ RepoTags: [reference] })
  })

  test('a login for Docker Hub is used from the start, where Docker Hub limits those without one', async () => {
    const { hub, engine } = await limitedHub()
    hub.setBehaviour('registry-1.docker.io', 'limited-without-login')
    const stranger = kept(await openPuller(engine))
    expect(failureOf(await stranger.pull('public:1'))).toEqual({ code: 'registry-limited', host: 'docker.io' })
    const known = kept(await openPuller(engine, logins({ [hubKey]: ann.password })))
    expect(await known.pull('public:1')).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
  })

  test('a login for Docker Hub that holds no more is no hindrance to what is public', async () => {
    const { engine } = await limitedHub()
    const mistaken = kept(await openPuller(engine, logins({ [hubKey]: 'open barley' })))
    expect(await mistaken.pull('public:1')).toMatchObject({ state: 'done' })
    const refused = { code: 'registry-login', host: 'docker.io' }
    expect(failureOf(await mistaken.pull('ann/secret:1'))).toEqual(refused)
  })

  test('where mirrors are set, none of them is handed the login for Docker Hub', async () => {
    const mirror = await nosyMirror()
    const { hub, engine } = await limitedHub(mirror.inForce)
    hub.setBehaviour('registry-1.docker.io', 'limited-without-login')
    const app = kept(await openPuller(engine, logins({ [hubKey]: ann.password })))
    const job = await app.pull('public:1')
    // The classic store would send the login to the mirrors. So it pulls without one, and the user is told why.
    const limited = { code: 'registry-limited', host: 'docker.io', loginUnused: true }
    expect(failureOf(job)).toEqual(wish.store === 'classic' ? limited : undefined)
    expect(job.state).toBe(wish.store === 'classic' ? 'failed' : 'done')
    expect(mirror.asked()).toBeGreaterThan(0)
    expect(mirror.told).toEqual([])
  })

  /** Docker Hub with one public image, and an engine that reaches it. */
  async function limitedHub(more: Pick<EngineOptions, 'config'> = {}) {
    const registry = kept(await startRegistry())
    await fillRegistry(registry, [noisy('library/public:1', [100_000])])
    const hub = kept(await startHub({ registry }))
    return { hub, engine: kept(await startEngine({ ...wish, env: hub.engineEnv, ...more })) }
  }

  test.runIf(wish.store === 'classic')('a mirror that asks for a login is not handed Docker Hub’s', async () => {
    const mirror = await nosyMirror()
    const hub = kept(await startHub({ registry: kept(await startRegistry()) }))
    const engine = kept(await startEngine({ ...wish, env: hub.engineEnv, ...mirror.inForce }))
    const app = kept(await openPuller(engine, logins({ [hubKey]: ann.password })))

    const reference = 'ann/secret:1'
    expect(failureOf(await app.pull(reference))).toEqual({ code: 'registry-login', host: 'docker.io' })
    expect(app.logins.asked).toEqual([reference])
    expect(mirror.asked()).toBeGreaterThan(0)
    expect(mirror.told).toEqual([])

    // It is not in vain: the engine itself would have told.
    const authconfig = { ...ann, serveraddress: hubKey }
    await engine.docker.pull(reference, { authconfig }).catch(String)
    expect(mirror.told).toContain(`Basic ${btoa(`${ann.username}:${ann.password}`)}`)
  })
})

/** A mirror that requires a login, and records what it gets. */
async function nosyMirror() {
  const told: string[] = []
  let asked = 0
  const server = createServer(({ headers: { authorization } }, response) => {
    asked++
    if (authorization !== undefined) told.push(authorization)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="mirror"' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  kept({ stop: () => (server.close(), server.closeAllConnections()) })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const inForce: Pick<EngineOptions, 'config'> = { config: { 'registry-mirrors': [address] } }
  return { told, asked: () => asked, inForce }
}
