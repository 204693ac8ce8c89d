import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import { formatMs, formatRatio, median, type Benchmark } from './benchmark.ts'
import type { OpenedApp } from './opened-app.ts'

// The times of single runs vary by half, because of the disk.
const runs = 7
const imageCount = 200
const cases = [
  { name: 'remove-200', shareNothing: false, maxRatio: 1.0 },
  { name: 'remove-200-apart', shareNothing: true, maxRatio: 0.7 },
]

export const remove200: Benchmark = {
  name: 'remove-200',
  description:
    '200 images with a common base, or without shared layers: plan applied → all removed, against one `docker rmi` with all names',
  async run(environment) {
    const engine = await startEngine({ version: '20.10', store: 'classic' })
    try {
      const app = await environment.openApp({ socket: engine.socket })
      try {
        await app.page.getByText('No images yet').waitFor()
        const results = []
        for (const { name, shareNothing, maxRatio } of cases) {
          const slipwayTimes: number[] = []
          const dockerTimes: number[] = []
          for (let run = 0; run < runs; run++) {
            await loadImages(engine.docker, manyImages(imageCount, { shareNothing }))
            slipwayTimes.push(await removeWithSlipway(app))
            await loadImages(engine.docker, manyImages(imageCount, { shareNothing }))
            dockerTimes.push(await removeWithDocker(engine))
          }
          const [value, reference] = [median(slipwayTimes), median(dockerTimes)]
          results.push({
            ...{ name, value, reference },
            goal: `ratio ≤ ${maxRatio}`,
            pass: value / reference <= maxRatio,
            summary: `${formatMs(value)}, ${formatRatio(value / reference)} of docker rmi (${formatMs(reference)}; medians of ${runs})`,
          })
        }
        return results
      } finally {
        await app.close()
      }
    } finally {
      await engine.stop()
    }
  },
}

/**
 * Removes all images with the calls that the window makes. The app learns of loaded images one after another. Until it
 * knows all of them, a plan contains fewer images or is refused, so a new plan is requested.
 * @returns the ms from applying the plan to the end of the job
 */
async function removeWithSlipway({ page }: OpenedApp): Promise<number> {
  return await page.evaluate<number>(`(async () => {
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const valueOf = (result) => { if (!result.ok) throw new Error(result.error.code); return result.value }
    for (;;) {
      const { images } = valueOf(await slipway.call('images.snapshot'))
      const rows = images.map(({ id }) => ({ image: id }))
      const { id, plan } = valueOf(await slipway.call('removal.plan', { rows, choices: {} }))
      const ended = new Promise((resolve) => slipway.on('jobs.changed', (job) => job.state !== 'running' && resolve(job)))
      const start = performance.now()
      const applied = plan.deletes.length === ${imageCount} && await slipway.call('removal.apply', { planId: id, copies: [] })
      if (applied && applied.ok) {
        const { state, failure, items } = await ended
        const failed = failure ?? items.find((item) => item.failure)
        if (state !== 'done') throw new Error(JSON.stringify(failed ?? state))
        return performance.now() - start
      }
      if (applied && applied.error.code !== 'plan-outdated') throw new Error(applied.error.code)
      await sleep(2000)
    }
  })()`)
}

/** @returns the duration in ms */
async function removeWithDocker({ docker, programs, socket }: Engine): Promise<number> {
  const names = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])
  const start = performance.now()
  const rmi = spawn(join(programs, 'docker'), ['rmi', ...names], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise<number | null>((resolve) => rmi.on('close', resolve))
  if (code !== 0) throw new Error(`docker rmi exited with ${code}`)
  return performance.now() - start
}
