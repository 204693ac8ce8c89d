/** A pull is refused before it starts only if the answer surely comes from the registry that the engine would ask. */
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { EngineKind } from '../../../model/engine/kind.ts'
import { isSameRegistry } from '../../../main/pull/index.ts'
import { registryClient } from '../../../main/registry/index.ts'
import { startEngine } from '../../../tools/world/engine.ts'
import { startRegistry } from '../../../tools/world/registry.ts'
import { watchEngine } from '../engine-window.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { listen, openHttp, stopAfterTest } from '../registry/hosts.ts'
import { failureOf, openPuller } from './puller.ts'

const remote: EngineKind = { type: 'ssh', host: 'server.example' }
const virtual: EngineKind = { type: 'colima', profile: 'default' }
const rootless: EngineKind = { type: 'rootless', managed: true }

describe.each(matrix)('$title', (options) => {
  test('a pull is refused if the registry does not have the image, and not if another server answers 404', async () => {
    const engine = stopAfterTest(await startEngine(options))
    const { head } = registryClient({ http: openHttp(), credentials: async () => undefined })
    const app = stopAfterTest(await openPuller(engine, undefined, undefined, undefined, head))
    const registry = stopAfterTest(await startRegistry())
    const missing = `${registry.host}/team/none:1`
    const refusal = { ok: false, error: { code: 'reference-unknown', reference: missing } }
    expect(await app.requestPull(missing)).toEqual(refusal)

    const web = createServer((_, response) => response.writeHead(404).end('<h1>Not Found</h1>'))
    const job = await app.pull(`127.0.0.1:${await listen(web, '127.0.0.1')}/team/none:1`)
    expect(failureOf(job)?.code).toMatch(/^reg|^ref|^engine-refused/)
  })

  test('an engine elsewhere has another localhost and other insecure registries', async () => {
    const insecure = ['registry.lan:5000', '10.0.0.0/8']
    const engine = stopAfterTest(await startEngine({ ...options, config: { 'insecure-registries': insecure } }))
    const served = stopAfterTest(watchEngine(engine.socket))
    await eventually(() => served.window.complete)
    const shown = served.engine.session()
    if (!shown.ok) throw new Error(shown.error.code)
    const isSame = (registry: string, kind: EngineKind) =>
      isSameRegistry({ ...shown.value, context: { ...shown.value.context, kind } }, registry)
    const insecureHosts = ['localhost:5000', '127.0.0.1:5000', 'registry.lan:5000', '10.1.2.3:5000']
    for (const host of [...insecureHosts, 'ghcr.io']) {
      expect(await isSame(host, shown.value.context.kind)).toBe(true)
      for (const kind of [remote, virtual, rootless]) expect(await isSame(host, kind)).toBe(host === 'ghcr.io')
    }
    expect(await isSame('docker.io', remote)).toBe(true)
  })

  test('an engine with mirrors may get from them what Docker Hub does not have', async () => {
    const mirrors = ['https://mirror.example']
    const engine = stopAfterTest(await startEngine({ ...options, config: { 'registry-mirrors': mirrors } }))
    const served = stopAfterTest(watchEngine(engine.socket))
    await eventually(() => served.window.complete)
    const session = served.engine.session()
    expect(session.ok && (await isSameRegistry(session.value, 'docker.io'))).toBe(false)
    expect(session.ok && (await isSameRegistry(session.value, 'ghcr.io'))).toBe(true)
  })
})
