/** The classic store reports no sizes of layers: likely sizes are compared with the true ones. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../../preload/contract/index.ts'
import { demoImages } from '../../../tools/world/demo.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { programs } from '../../../tools/world/paths.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { tarEnd, tarFile } from '../../../tools/world/tar.ts'
import { matrix } from '../matrix.ts'
import { openRemovalApp, type RemovalApp } from '../removal/removal-app.ts'
import { trueSizes } from './true-sizes.ts'

const sumOf = (layers: Stack['layers']) => layers.reduce((sum, { likely = 0 }) => sum + likely, 0)
const diskUsage = v.object({ Images: v.array(v.object({ Id: v.string(), SharedSize: v.number() })) })

describe.each(matrix.filter(({ store }) => store === 'classic'))('$title', (wish) => {
  let engine: Engine
  let cleaner: RemovalApp

  beforeAll(async () => {
    engine = await startEngine(wish)
    cleaner = await openRemovalApp(engine)
  })
  afterAll(async () => {
    await cleaner?.stop()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true })
  })

  async function stackOf(name: string): Promise<Stack> {
    const answer = await cleaner.layers.handlers['layers.stack'](cleaner.findImage(name).id)
    if (!answer.ok) throw new Error(answer.error.code)
    return answer.value
  }
  /** Builds with a real builder; the command of 20.10 builds with BuildKit without buildx. */
  function build(name: string, dockerfile: string, builder: 'buildkit' | 'classic') {
    const context = mkdtempSync(join(tmpdir(), 'context-'))
    try {
      writeFileSync(join(context, 'Dockerfile'), dockerfile)
      writeFileSync(join(context, 'big'), 'b'.repeat(200_000))
      writeFileSync(join(context, 'small'), 's'.repeat(3_000))
      writeFileSync(join(context, 'empty'), '')
      execFileSync(join(programs('20.10'), 'docker'), ['build', '--quiet', '--network=none', '--tag', name, context], {
        env: {
          ...process.env,
          DOCKER_HOST: `unix://${engine.socket}`,
          DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0',
        },
      })
    } finally {
      rmSync(context, { recursive: true })
    }
  }
  async function expectWithin(name: string, truth: readonly number[]) {
    const { layers } = await stackOf(name)
    expect(layers).toHaveLength(truth.length)
    layers.forEach(({ size, likely }, at) => {
      for (const bytes of [truth[at]!, likely!]) {
        expect(bytes).toBeGreaterThanOrEqual(size.min)
        expect(bytes).toBeLessThanOrEqual(size.max)
      }
    })
    return layers
  }

  test('each layer of the demo has one size, the true one', async () => {
    await loadImages(engine.docker, demoImages({ scale: 0.01 }))
    await cleaner.catchUp()
    let open = 0
    for (const { references } of cleaner.engine.live.snapshot().images) {
      const [name] = references
      if (name === undefined) continue
      const truth = await trueSizes(engine, name)
      const layers = await expectWithin(name, truth)
      expect(layers.map(({ likely }) => likely)).toEqual(truth)
      open += layers.filter(({ size }) => size.min !== size.max).length
    }
    // That much the likelihood settles.
    expect(open).toBeGreaterThan(10)
  })

  test('the layers that an image shares add up to the shared size that the engine reports', async () => {
    await loadImages(engine.docker, demoImages({ scale: 0.01 }))
    await cleaner.catchUp()
    const { Images } = v.parse(diskUsage, await engine.docker.df())
    const reported = new Map(Images.map(({ Id, SharedSize }) => [Id, SharedSize]))
    let compared = 0
    for (const { id, references } of cleaner.engine.live.snapshot().images) {
      const [name] = references
      if (name === undefined) continue
      const shared = (await stackOf(name)).layers.filter(({ sharedWith }) => sharedWith.length > 0)
      expect({ name, shared: sumOf(shared) }).toEqual({ name, shared: reported.get(id) })
      if (shared.length > 0) compared++
    }
    expect(compared).toBeGreaterThan(10)
  })

  test.each(['buildkit', 'classic'] as const)('a real history of the %s builder is settled', async (builder) => {
    await loadImages(engine.docker, runnableImages())
    const name = `built-by-${builder}:1`
    build(
      name,
      [
        'FROM box:1',
        'ENV A=b',
        'WORKDIR /app',
        'COPY big /app/',
        'LABEL a=b',
        'RUN echo made > /app/made',
        'EXPOSE 80',
        'WORKDIR /',
        'COPY empty /app/',
        'USER nobody',
        'COPY small /app/',
        'CMD ["sh"]',
      ].join('\n'),
      builder,
    )
    await cleaner.catchUp()
    const truth = await trueSizes(engine, name)
    const layers = await expectWithin(name, truth)
    expect(layers.map(({ likely }) => likely)).toEqual(truth)
    const verbs = ['ADD', 'WORKDIR', 'COPY', 'RUN', 'COPY', 'COPY']
    expect(layers.map(({ instruction }) => instruction?.verb)).toEqual(verbs)
  })

  test('a setting that makes a layer is believed: the classic builder after an import with a WORKDIR', async () => {
    const rootFs = Buffer.concat([tarFile('file', 'x'.repeat(50_000)), tarEnd()])
    await new Promise((resolve, reject) => {
      engine.docker
        .importImage(Readable.from([rootFs]), { repo: 'imported', tag: '1', changes: 'WORKDIR /app' })
        .then((answer) => answer.on('end', resolve).on('error', reject).resume(), reject)
    })
    build('on-imported:1', 'FROM imported:1\nENV A=b\nCOPY big /\nLABEL a=b\nCMD ["sh"]\n', 'classic')
    await cleaner.catchUp()
    const truth = await trueSizes(engine, 'on-imported:1')
    expect(truth).toHaveLength(3)
    const layers = await expectWithin('on-imported:1', truth)
    expect(layers.map(({ likely }) => likely)).toEqual(truth)
    expect(layers[1]?.instruction?.verb).toBe('ENV')
  })
})
