import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { startRegistry } from '../../tools/world/registry.ts'
import { randomImage, publishImages } from '../engine/pull/puller.ts'
import { formatMs, formatRatio, median, type Benchmark } from './benchmark.ts'
import type { OpenedApp } from './opened-app.ts'

const runs = 5
const layerCount = 12
const imageBytes = 500_000_000
const maxRatio = 1.05

export const pull500: Benchmark = {
  name: 'pull-500',
  description: '500 MB in 12 layers from a registry on this computer, against `docker pull`',
  async run(environment) {
    const registry = await startRegistry()
    const engine = await startEngine({ version: '26.1', store: 'classic' })
    const slipwayTimes: number[] = []
    const dockerTimes: number[] = []
    try {
      const reference = `${registry.directHost}/bench/pull:1`
      const layerSizes = Array<number>(layerCount).fill(Math.round(imageBytes / layerCount))
      await publishImages(engine.docker, [randomImage(reference, layerSizes)])
      const app = await environment.openApp({ socket: engine.socket })
      try {
        await app.page.getByText('No images yet').waitFor()
        for (let run = 0; run < runs; run++) {
          slipwayTimes.push(await pullWithSlipway(app, reference))
          await removeImage(engine, reference)
          dockerTimes.push(await pullWithDocker(engine, reference))
          await removeImage(engine, reference)
        }
      } finally {
        await app.close()
      }
    } finally {
      await engine.stop()
      await registry.stop()
    }
    const [value, dockerMs] = [median(slipwayTimes), median(dockerTimes)]
    return [
      {
        name: 'pull-500',
        value,
        reference: dockerMs,
        goal: `ratio ≤ ${maxRatio}`,
        pass: value / dockerMs <= maxRatio,
        summary: `${formatMs(value)}, ${formatRatio(value / dockerMs)} of docker pull (${formatMs(dockerMs)}; medians of ${runs})`,
      },
    ]
  },
}

/** @returns the ms from the call until the job's item is done; reading the disk usage afterwards does not count */
async function pullWithSlipway({ page }: OpenedApp, reference: string): Promise<number> {
  return await page.evaluate<number>(`(async () => {
    const start = performance.now()
    const ended = new Promise((resolve, reject) => {
      const stop = slipway.on('jobs.changed', ({ subject, state, items, failure }) => {
        if (subject.kind !== 'pull' || (state === 'running' && items[0].state !== 'done')) return
        stop()
        if (items[0].state === 'done') resolve(performance.now() - start)
        else reject(new Error(JSON.stringify(failure ?? items[0])))
      })
    })
    const result = await slipway.call('pull.start', { reference: ${JSON.stringify(reference)} })
    if (!result.ok) throw new Error(result.error.code)
    return await ended
  })()`)
}

/** @returns the duration in ms */
async function pullWithDocker({ programs, socket }: Engine, reference: string): Promise<number> {
  const start = performance.now()
  const pull = spawn(join(programs, 'docker'), ['pull', reference], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise<number | null>((resolve) => pull.on('close', resolve))
  if (code !== 0) throw new Error(`docker pull exited with ${code}`)
  return performance.now() - start
}

/** Removes the image and flushes the disk's caches, so that the next run does not wait for this one's writes. */
async function removeImage({ docker }: Engine, reference: string): Promise<void> {
  await docker.getImage(reference).remove()
  await new Promise((resolve) => spawn('sync').on('close', resolve))
  await delay(1000)
}
