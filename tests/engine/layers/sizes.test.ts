/**
 * The classic store does not report which history entry created which layer, so Slipway shows the likely size of each
 * layer. These tests compare the likely sizes with the true ones.
 */
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

const diskUsage = v.object({ Images: v.array(v.object({ Id: v.string(), SharedSize: v.number() })) })
const sumLikelySizes = (layers: Stack['layers']) => layers.reduce((sum, { likely = 0 }) => sum + likely, 0)

describe.each(matrix.filter(({ store }) => store === 'classic'))('$title', (options) => {
  let engine: Engine
  let app: RemovalApp

  beforeAll(async () => {
    engine = await startEngine(options)
    app = await openRemovalApp(engine)
  })
  afterAll(async () => {
    await app?.stop()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true })
  })

  async function stackOf(name: string): Promise<Stack> {
    const stack = await app.layers.handlers['layers.stack'](app.findImage(name).id)
    if (!stack.ok) throw new Error(stack.error.code)
    return stack.value
  }
  /**
   * Builds an image with one of Docker's builders. Uses the docker command of 20.10, which needs no buildx for
   * BuildKit.
   */
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
  /** Expects that the true size and the likely size of each layer are within the bounds that Slipway shows. */
  async function expectWithinBounds(name: string, trueBytes: readonly number[]) {
    const { layers } = await stackOf(name)
    expect(layers).toHaveLength(trueBytes.length)
    layers.forEach(({ size, likely }, index) => {
      for (const bytes of [trueBytes[index]!, likely!]) {
        expect(bytes).toBeGreaterThanOrEqual(size.min)
        expect(bytes).toBeLessThanOrEqual(size.max)
      }
    })
    return layers
  }

  test('the likely size of each layer of the demo images is the true size', async () => {
    await loadImages(engine.docker, demoImages({ scale: 0.01 }))
    await app.catchUp()
    let uncertainCount = 0
    for (const { references } of app.engine.live.snapshot().images) {
      const [name] = references
      if (name === undefined) continue
      const trueBytes = await trueSizes(engine, name)
      const layers = await expectWithinBounds(name, trueBytes)
      expect(layers.map(({ likely }) => likely)).toEqual(trueBytes)
      uncertainCount += layers.filter(({ size }) => size.min !== size.max).length
    }
    // The bounds alone do not determine these sizes, so Slipway chose the likely ones.
    expect(uncertainCount).toBeGreaterThan(10)
  })

  test('the layers that an image shares add up to the shared size that the engine reports', async () => {
    await loadImages(engine.docker, demoImages({ scale: 0.01 }))
    await app.catchUp()
    const { Images } = v.parse(diskUsage, await engine.docker.df())
    const reported = new Map(Images.map(({ Id, SharedSize }) => [Id, SharedSize]))
    let compared = 0
    for (const { id, references } of app.engine.live.snapshot().images) {
      const [name] = references
      if (name === undefined) continue
      const shared = (await stackOf(name)).layers.filter(({ sharedWith }) => sharedWith.length > 0)
      expect({ name, shared: sumLikelySizes(shared) }).toEqual({ name, shared: reported.get(id) })
      if (shared.length > 0) compared++
    }
    expect(compared).toBeGreaterThan(10)
  })

  test.each(['buildkit', 'classic'] as const)(
    'the likely sizes of an image that the %s builder built are the true sizes',
    async (builder) => {
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
      await app.catchUp()
      const trueBytes = await trueSizes(engine, name)
      const layers = await expectWithinBounds(name, trueBytes)
      expect(layers.map(({ likely }) => likely)).toEqual(trueBytes)
      const verbs = ['ADD', 'WORKDIR', 'COPY', 'RUN', 'COPY', 'COPY']
      expect(layers.map(({ instruction }) => instruction?.verb)).toEqual(verbs)
    },
  )

  test('an ENV instruction that created a layer is recognized, as in a classic build on an imported image with a WORKDIR', async () => {
    const rootFs = Buffer.concat([tarFile('file', 'x'.repeat(50_000)), tarEnd()])
    await new Promise((resolve, reject) => {
      engine.docker
        .importImage(Readable.from([rootFs]), { repo: 'imported', tag: '1', changes: 'WORKDIR /app' })
        .then((response) => response.on('end', resolve).on('error', reject).resume(), reject)
    })
    build('on-imported:1', 'FROM imported:1\nENV A=b\nCOPY big /\nLABEL a=b\nCMD ["sh"]\n', 'classic')
    await app.catchUp()
    const trueBytes = await trueSizes(engine, 'on-imported:1')
    expect(trueBytes).toHaveLength(3)
    const layers = await expectWithinBounds('on-imported:1', trueBytes)
    expect(layers.map(({ likely }) => likely)).toEqual(trueBytes)
    expect(layers[1]?.instruction?.verb).toBe('ENV')
  })
})
