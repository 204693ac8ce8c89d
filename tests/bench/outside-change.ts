import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Engine } from '../../tools/world/engine.ts'
import { median, ms, type Measure } from './measure.ts'
import type { Opened } from './opened-app.ts'
import { CountingProxy, told } from './proxy.ts'

const run = promisify(execFile)
const changes = 7
const repository = 'bench-outside'

export const outsideChange: Measure = {
  name: 'outside-change',
  what: '`docker tag` in a terminal → its row, 5,000 images: changes told to the window, lists asked of the engine',
  async run(stage) {
    const engine = await stage.engine('20.10', 5000)
    const proxy = await CountingProxy.open(join(stage.folder, 'outside.sock'), engine.socket)
    const app = await stage.app({ socket: proxy.socket })
    const samples: Sample[] = []
    try {
      await app.firstRow()
      await app.equip()
      // Only what is filtered for is surely in view.
      await app.page.getByRole('searchbox').fill(repository)
      await app.page.evaluate(`void slipway.on('images.changed', () => (bench.changes = (bench.changes ?? 0) + 1))`)
      for (let number = 0; number < changes; number++) samples.push(await change(engine, app, proxy, `n${number}`))
    } finally {
      await app.close()
      proxy.close()
      const tags = samples.map(({ tag }) => engine.docker.getImage(`${repository}:${tag}`).remove())
      await Promise.allSettled(tags)
    }
    const events = samples.map(({ events }) => events)
    const lists = samples.reduce((sum, { requests }) => sum + requests.filter(isList).length, 0)
    return [
      {
        name: 'outside-change',
        value: Math.max(...events),
        reference: null,
        goal: '1 change told, 0 lists asked for',
        pass: events.every((count) => count === 1) && lists === 0,
        says: [
          `${Math.max(...events)} change told to the window, ${lists} lists asked of the engine`,
          `row ${ms(median(samples.map(({ latency }) => latency)))} after the command's end (median of ${changes})`,
          `asked for one: ${told(samples.at(-1)!.requests)}`,
        ].join('; '),
      },
    ]
  },
}

interface Sample {
  readonly tag: string
  readonly events: number
  readonly requests: readonly string[]
  readonly latency: number
}

const isList = (request: string) => request === 'GET /images/json'

async function change(
  { programs, socket }: Engine,
  { page }: Opened,
  proxy: CountingProxy,
  tag: string,
): Promise<Sample> {
  // What the last change set off, the account of the disk included, is over.
  while (proxy.take().length > 0) await sleep(3000)
  await page.evaluate(`void ((bench.changes = 0), (bench.pending = bench.inList('${tag}')))`)
  await run(join(programs, 'docker'), ['tag', 'team-1/api-admin:1.1', `${repository}:${tag}`], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
  })
  const end = Date.now()
  const row = await page.evaluate<number>('bench.pending')
  await sleep(2500)
  return { tag, events: await page.evaluate<number>('bench.changes'), requests: proxy.take(), latency: row - end }
}
