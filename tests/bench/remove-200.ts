import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many.ts'
import { median, ms, times, type Measure } from './measure.ts'
import type { Opened } from './opened.ts'

const runs = 5
const count = 200
const bound = 1.05

export const remove200: Measure = {
  name: 'remove-200',
  what: '200 images: the plan applied → all gone, against one `docker rmi` with their names',
  async run(stage) {
    const engine = await startEngine({ version: '20.10', store: 'classic' })
    const own: number[] = []
    const command: number[] = []
    try {
      const app = await stage.app({ socket: engine.socket })
      try {
        await app.page.getByText('No images yet').waitFor()
        for (let run = 0; run < runs; run++) {
          await loadImages(engine.docker, manyImages(count))
          own.push(await bySlipway(app))
          await loadImages(engine.docker, manyImages(count))
          command.push(await byDocker(engine))
        }
      } finally {
        await app.close()
      }
    } finally {
      await engine.stop()
    }
    const [value, reference] = [median(own), median(command)]
    return [
      {
        name: 'remove-200',
        value,
        reference,
        goal: `ratio ≤ ${bound}`,
        pass: value / reference <= bound,
        says: `${ms(value)}, ${times(value / reference)} of docker rmi (${ms(reference)}; medians of ${runs})`,
      },
    ]
  },
}

/** From the user's word to the end of the job, by the same calls that the sheet makes. */
async function bySlipway({ page }: Opened): Promise<number> {
  await page.getByText(`${count} images`, { exact: true }).waitFor()
  return await page.evaluate<number>(`(async () => {
    const { images } = (await slipway.call('images.snapshot')).value
    const planned = await slipway.call('removal.plan', { rows: images.map(({ id }) => ({ image: id })), choices: {} })
    const ended = new Promise((resolve) => slipway.on('jobs.changed', (job) => job.state !== 'running' && resolve(job.state)))
    const start = performance.now()
    const applied = await slipway.call('removal.apply', { planId: planned.value.id, copies: [] })
    if (!applied.ok) throw new Error(applied.error.code)
    const state = await ended
    if (state !== 'done') throw new Error(state)
    return performance.now() - start
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
