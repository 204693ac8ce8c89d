import { once } from 'node:events'
import { createServer } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { fillRegistry } from '../../../tools/world/fill.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { matrix } from '../matrix.ts'
import { failureOf, noisy, openPuller, type PullerWorld } from './puller.ts'

const platform = 'linux/s390x'

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let registry: Registry
  let app: PullerWorld
  /** Where a name moves, this store forgets the image that it led to, at once. */
  const forgets = wish.version === '26.1' && wish.store === 'containerd'
  beforeEach(async () => {
    registry = await startRegistry()
    engine = await startEngine(wish)
    app = await openPuller(engine)
  })
  afterEach(async () => {
    await app?.stop()
    await engine?.stop()
    await registry?.stop()
  })

  const at = (name: string) => `${registry.host}/team/${name}`
  const publish = (name: string, bytes: number) => fillRegistry(registry, [noisy(`team/${name}`, [bytes])])
  const pull = async (name: string) => expect(await app.pull(at(name))).toMatchObject({ state: 'done' })
  async function missesPlatform(name: string) {
    const failure = { code: 'platform-missing', reference: at(name), platform }
    expect(failureOf(await app.pull(at(name), platform))).toEqual(failure)
  }
  /** What is there: each image with its names. */
  async function present() {
    const images = await engine.docker.listImages({ all: true })
    return new Map(images.map(({ Id, RepoTags }) => [Id, (RepoTags ?? []).filter((name) => name !== '<none>:<none>')]))
  }

  test('an image of another platform goes again, with the name that it came under', async () => {
    await publish('one:1', 10_000)
    await missesPlatform('one:1')
    expect(await present()).toEqual(new Map())
    await pull('one:1')
  })

  test('a name that led to an image leads there again, and what came in its place is gone', async () => {
    await publish('one:1', 10_000)
    await pull('one:1')
    const before = await present()
    await publish('one:1', 20_000)
    await missesPlatform('one:1')
    const after = await present()
    expect([...after.values()]).toEqual([[at('one:1')]])
    expect(isDeepStrictEqual(after, before)).toBe(!forgets)
  })

  test('an image that was there before stays, under its other name and without one', async () => {
    await publish('one:1', 10_000)
    await publish('two:1', 20_000)
    await engine.docker.getImage(await pulled('one:1')).tag({ repo: at('kept'), tag: '1' })
    const before = await present()
    await missesPlatform('one:1')
    expect(await present()).toEqual(before)
    await engine.docker.getImage(at('one:1')).remove()
    const named = await present()
    await missesPlatform('one:1')
    expect(await present()).toEqual(named)

    // Without any name, so that with the new one it would be lost.
    await engine.docker.getImage(await pulled('two:1')).tag({ repo: at('kept'), tag: '1' })
    const ids = [...(await present()).keys()]
    await missesPlatform('one:1')
    expect([...(await present()).keys()]).toEqual(expect.arrayContaining(ids))
  })

  test('a web page in place of an image does not take its tag', async () => {
    await publish('one:1', 10_000)
    await pull('one:1')
    const before = await present()
    await registry.stop()
    const page = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>'),
    )
    page.listen(registry.port, '127.0.0.1')
    await once(page, 'listening')
    try {
      const failure = { code: 'registry-nonsense', host: registry.host }
      expect(failureOf(await app.pull(at('never:1')))).toEqual(failure)
      expect(await present()).toEqual(before)
      await expect(engine.docker.getImage(at('never:1')).inspect()).rejects.toMatchObject({ statusCode: 404 })
      expect(failureOf(await app.pull(at('one:1')))).toEqual(failure)
      // Docker's loss, seen on 26.1 and 28.5: the page has the name, and the image is gone.
      expect(isDeepStrictEqual(await present(), before)).toBe(wish.store === 'classic')
    } finally {
      page.close().closeAllConnections()
    }
  })

  async function pulled(name: string): Promise<string> {
    await pull(name)
    return (await engine.docker.getImage(at(name)).inspect()).Id
  }
})
