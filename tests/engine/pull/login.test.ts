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
import { failureOf, randomImage, openPuller } from './puller.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})
/** Registers a resource to be stopped after the test. @returns the resource */
function stopAfterTest<T extends { stop(): unknown }>(resource: T): T {
  cleanups.push(() => resource.stop())
  return resource
}

/** The key of Docker Hub's login in Docker's config.json. */
const hubKey = 'https://index.docker.io/v1/'

/** A lookup of logins over a credential helper: a script, or none. */
function helperWith(script?: string) {
  const home = mkdtempSync(join(tmpdir(), 'logins-'))
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: {}, credsStore: 'world' }))
  if (script !== undefined)
    writeFileSync(join(home, 'docker-credential-world'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return storedLogins(dockerCredentials({ env: { DOCKER_CONFIG: home, PATH: `${home}:/usr/bin:/bin` }, home }))
}

/**
 * Stores logins as `docker login` does: one for each registry, with this password for the user Ann.
 * @returns a function that looks them up
 */
function loginsWith(passwords: Readonly<Record<string, string>>) {
  const home = mkdtempSync(join(tmpdir(), 'logins-'))
  const auths = Object.entries(passwords).map(([key, password]) => [key, { auth: btoa(`${ann.username}:${password}`) }])
  writeFileSync(join(home, 'config.json'), JSON.stringify({ auths: Object.fromEntries(auths) }))
  return storedLogins(dockerCredentials({ env: { DOCKER_CONFIG: home }, home }))
}

describe.each(matrix)('$title', (options) => {
  test('a private registry refuses a pull without the right login, and accepts the login that Docker has stored', async () => {
    const registry = stopAfterTest(await startRegistry({ private: true }))
    await fillRegistry(registry, [randomImage('team/secret:1', [100_000])])
    const engine = stopAfterTest(await startEngine(options))
    const reference = `${registry.host}/team/secret:1`
    const refused = { code: 'registry-login', host: registry.host }

    const anonymous = stopAfterTest(await openPuller(engine, loginsWith({ 'elsewhere.example': ann.password })))
    expect(failureOf(await anonymous.pull(reference))).toEqual(refused)
    expect(anonymous.logins.requested).toEqual([reference])
    const withWrongLogin = stopAfterTest(await openPuller(engine, loginsWith({ [registry.host]: 'open barley' })))
    expect(failureOf(await withWrongLogin.pull(reference))).toEqual(refused)
    const withLogin = stopAfterTest(await openPuller(engine, loginsWith({ [registry.host]: ann.password })))
    expect(await withLogin.pull(reference)).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
    expect(withLogin.logins.requested).toEqual([reference])
    expect(await engine.docker.getImage(reference).inspect()).toMatchObject({ RepoTags: [reference] })
  })

  test('if the credential helper fails, public images can be pulled, and a private one names the helper', async () => {
    const registry = stopAfterTest(await startRegistry({ private: true }))
    await fillRegistry(registry, [randomImage('team/secret:1', [100_000])])
    const reference = `${registry.host}/team/secret:1`
    const { hub, engine } = await startHubAndEngine()
    for (const [script, problem, message] of [
      [undefined, 'missing', ''],
      ['echo "pass not initialized: exit status 1"; exit 1', 'failed', 'pass not initialized: exit status 1'],
    ] as const) {
      const helper = { name: 'docker-credential-world', problem, message }
      const app = stopAfterTest(await openPuller(engine, helperWith(script)))
      expect(await app.pull('public:1')).toMatchObject({ state: 'done' })
      const refusal = failureOf(await app.pull('ann/secret:1'))
      expect(refusal).toEqual(expect.objectContaining({ helper }))
      expect(failureOf(await app.pull(reference))).toEqual({ code: 'registry-login', host: registry.host, helper })
      hub.setBehaviour('registry-1.docker.io', 'limited-without-login')
      await engine.docker.getImage('public:1').remove()
      expect(failureOf(await app.pull('public:1'))).toEqual({
        ...{ code: 'registry-limited', host: 'docker.io', helper },
        // containerd reports only the status.
        ...(options.store === 'classic' && { anonymous: true }),
      })
      hub.setBehaviour('registry-1.docker.io', 'normal')
    }
    const { username: Username, password: Secret } = ann
    const working = helperWith(`echo '${JSON.stringify({ Username, Secret })}'`)
    const app = stopAfterTest(await openPuller(engine, working))
    expect(await app.pull(reference)).toMatchObject({ state: 'done' })
  })

  test('a login for Docker Hub is used for public images too, so that the limits for anonymous users do not apply', async () => {
    const { hub, engine } = await startHubAndEngine()
    hub.setBehaviour('registry-1.docker.io', 'limited-without-login')
    const anonymous = stopAfterTest(await openPuller(engine))
    expect(failureOf(await anonymous.pull('public:1'))).toEqual({
      ...{ code: 'registry-limited', host: 'docker.io' },
      // containerd reports only the status.
      ...(options.store === 'classic' && { anonymous: true }),
    })
    const withLogin = stopAfterTest(await openPuller(engine, loginsWith({ [hubKey]: ann.password })))
    expect(await withLogin.pull('public:1')).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
  })

  test('an invalid login for Docker Hub does not prevent pulls of public images', async () => {
    const { engine } = await startHubAndEngine()
    const withWrongLogin = stopAfterTest(await openPuller(engine, loginsWith({ [hubKey]: 'open barley' })))
    expect(await withWrongLogin.pull('public:1')).toMatchObject({ state: 'done' })
    const refused = { code: 'registry-login', host: 'docker.io' }
    expect(failureOf(await withWrongLogin.pull('ann/secret:1'))).toEqual(refused)
  })

  test('a login for Docker Hub is not sent to the mirrors that the engine uses', async () => {
    const mirror = await startLoginMirror()
    const { hub, engine } = await startHubAndEngine(mirror.engineConfig)
    hub.setBehaviour('registry-1.docker.io', 'limited-without-login')
    const app = stopAfterTest(await openPuller(engine, loginsWith({ [hubKey]: ann.password })))
    const job = await app.pull('public:1')
    // With the classic store, the engine would send the login to the mirrors. So Slipway pulls without the login, and
    // the failure says so.
    const limited = { code: 'registry-limited', host: 'docker.io', anonymous: true, loginUnused: true }
    expect(failureOf(job)).toEqual(options.store === 'classic' ? limited : undefined)
    expect(job.state).toBe(options.store === 'classic' ? 'failed' : 'done')
    expect(mirror.requestCount()).toBeGreaterThan(0)
    expect(mirror.authorizations).toEqual([])
  })

  /** Starts a stub of Docker Hub with one public image, and an engine that uses the stub. */
  async function startHubAndEngine(overrides: Pick<EngineOptions, 'config'> = {}) {
    const registry = stopAfterTest(await startRegistry())
    await fillRegistry(registry, [randomImage('library/public:1', [100_000])])
    const hub = stopAfterTest(await startHub({ registry }))
    return { hub, engine: stopAfterTest(await startEngine({ ...options, env: hub.engineEnv, ...overrides })) }
  }

  test.runIf(options.store === 'classic')(
    'a mirror that requires a login does not get the login for Docker Hub',
    async () => {
      const mirror = await startLoginMirror()
      const hub = stopAfterTest(await startHub({ registry: stopAfterTest(await startRegistry()) }))
      const engine = stopAfterTest(await startEngine({ ...options, env: hub.engineEnv, ...mirror.engineConfig }))
      const app = stopAfterTest(await openPuller(engine, loginsWith({ [hubKey]: ann.password })))

      const reference = 'ann/secret:1'
      expect(failureOf(await app.pull(reference))).toEqual({ code: 'registry-login', host: 'docker.io' })
      expect(app.logins.requested).toEqual([reference])
      expect(mirror.requestCount()).toBeGreaterThan(0)
      expect(mirror.authorizations).toEqual([])

      // Proves that the test can fail: if the engine gets the login, it sends the login to the mirror.
      const authconfig = { ...ann, serveraddress: hubKey }
      await engine.docker.pull(reference, { authconfig }).catch(String)
      expect(mirror.authorizations).toContain(`Basic ${btoa(`${ann.username}:${ann.password}`)}`)
    },
  )
})

/** Starts a mirror that requires a login, and records the logins that it receives. */
async function startLoginMirror() {
  const authorizations: string[] = []
  let requestCount = 0
  const server = createServer(({ headers: { authorization } }, response) => {
    requestCount++
    if (authorization !== undefined) authorizations.push(authorization)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="mirror"' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stopAfterTest({ stop: () => (server.close(), server.closeAllConnections()) })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const engineConfig: Pick<EngineOptions, 'config'> = { config: { 'registry-mirrors': [address] } }
  return { authorizations, requestCount: () => requestCount, engineConfig }
}
