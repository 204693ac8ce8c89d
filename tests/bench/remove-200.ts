import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import { median, ms, times, type Measure } from './measure.ts'
import type { Opened } from './opened-app.ts'

// The disk makes single runs differ by half.
const runs = 7
const count = 200
const cases = [
  { name: 'remove-200', apart: false, bound: 1.0 },
  { name: 'remove-200-apart', apart: true, bound: 0.7 },
]

export const remove200: Measure = {
  name: 'remove-200',
  what: '200 images upon one base, or sharing nothing: the plan applied → all gone, against one `docker rmi` with their names',
  async run(stage) {
    const engine = await startEngine({ version: '20.10', store: 'classic' })
    try {
      const app = await stage.app({ socket: engine.socket })
      try {
        await app.page.getByText('No images yet').waitFor()
        const results = []
        for (const { name, apart, bound } of cases) {
          const own: number[] = []
          const command: number[] = []
          for (let run = 0; run < runs; run++) {
            await loadImages(engine.docker, manyImages(count, { shareNothing: apart }))
            own.push(await bySlipway(app))
            await loadImages(engine.docker, manyImages(count, { shareNothing: apart }))
            command.push(await byDocker(engine))
          }
          const [value, reference] = [median(own), median(command)]
          results.push({
            ...{ name, value, reference },
            goal: `ratio ≤ ${bound}`,
            pass: value / reference <= bound,
            says: `${ms(value)}, ${times(value / reference)} of docker rmi (${ms(reference)}; medians of ${runs})`,
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
 * From the user's word to the end of the job, by the same calls that the sheet makes. What a load brought is known bit
 * by bit: until the app has all of it, its plans are of less, or refused.
 */
async function bySlipway({ page }: Opened): Promise<number> {
  return await page.evaluate<number>(`(async () => {
    const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const valueOf = (answer) => { if (!answer.ok) throw new Error(answer.error.code); return answer.value }
    for (;;) {
      const { images } = valueOf(await slipway.call('images.snapshot'))
      const rows = images.map(({ id }) => ({ image: id }))
      const { id, plan } = valueOf(await slipway.call('removal.plan', { rows, choices: {} }))
      const ended = new Promise((resolve) => slipway.on('jobs.changed', (job) => job.state !== 'running' && resolve(job)))
      const start = performance.now()
      const applied = plan.deletes.length === ${count} && await slipway.call('removal.apply', { planId: id, copies: [] })
      if (applied && applied.ok) {
        const { state, failure, items } = await ended
        const failed = failure ?? items.find((item) => item.failure)
        if (state !== 'done') throw new Error(JSON.stringify(failed ?? state))
        return performance.now() - start
      }
      if (applied && applied.error.code !== 'plan-moved') throw new Error(applied.error.code)
      await rest(2000)
    }
  })()`)
}

async function byDocker({ docker, programs, socket }: Engine): Promise<number> {
  const names = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])
  const start = performance.now()
  const rmi = spawn(join(programs, 'docker'), ['rmi', ...names], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise<number | null>((resolve) => rmi.on('close', resolve))
  if (code !== 0) throw new Error(`docker rmi ended with ${code}`)
  return performance.now() - start
}
