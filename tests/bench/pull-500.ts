import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { startRegistry } from '../../tools/world/registry.ts'
import { noisy, publishImages } from '../engine/pull/puller.ts'
import { median, ms, times, type Measure } from './measure.ts'
import type { Opened } from './opened-app.ts'

const runs = 5
const layers = 12
const bytes = 500_000_000
const bound = 1.05

export const pull500: Measure = {
  name: 'pull-500',
  what: '500 MB in 12 layers from a registry on this computer, against `docker pull`',
  async run(stage) {
    const registry = await startRegistry()
    const engine = await startEngine({ version: '26.1', store: 'classic' })
    const own: number[] = []
    const command: number[] = []
    try {
      const reference = `${registry.directHost}/bench/pull:1`
      await publishImages(engine.docker, [noisy(reference, Array<number>(layers).fill(Math.round(bytes / layers)))])
      const app = await stage.app({ socket: engine.socket })
      try {
        await app.page.getByText('No images yet').waitFor()
        for (let run = 0; run < runs; run++) {
          own.push(await bySlipway(app, reference))
          await forget(engine, reference)
          command.push(await byDocker(engine, reference))
          await forget(engine, reference)
        }
      } finally {
        await app.close()
      }
    } finally {
      await engine.stop()
      await registry.stop()
    }
    const [value, against] = [median(own), median(command)]
    return [
      {
        name: 'pull-500',
        value,
        reference: against,
        goal: `ratio ≤ ${bound}`,
        pass: value / against <= bound,
        says: `${ms(value)}, ${times(value / against)} of docker pull (${ms(against)}; medians of ${runs})`,
      },
    ]
  },
}

/** From the call to the item that is done: what the disk's account takes afterwards is no part of the pull. */
async function bySlipway({ page }: Opened, reference: string): Promise<number> {
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
    const answer = await slipway.call('pull.start', { reference: ${JSON.stringify(reference)} })
    if (!answer.ok) throw new Error(answer.error.code)
    return await ended
  })()`)
}

async function byDocker({ programs, socket }: Engine, reference: string): Promise<number> {
  const start = performance.now()
  const pull = spawn(join(programs, 'docker'), ['pull', reference], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise<number | null>((resolve) => pull.on('close', resolve))
  if (code !== 0) throw new Error(`docker pull ended with ${code}`)
  return performance.now() - start
}

/** Removed, and written to the disk, so that no run pays for the one before. */
async function forget({ docker }: Engine, reference: string): Promise<void> {
  await docker.getImage(reference).remove()
  await new Promise((resolve) => spawn('sync').on('close', resolve))
  await delay(1000)
}
