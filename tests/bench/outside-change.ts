import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Engine } from '../../tools/world/engine.ts'
import { formatMs, median, type Benchmark } from './benchmark.ts'
import { RecordingProxy, formatRequests } from './recording-proxy.ts'
import type { OpenedApp } from './opened-app.ts'

const runFile = promisify(execFile)
const changeCount = 7
const repository = 'bench-outside'

export const outsideChange: Benchmark = {
  name: 'outside-change',
  description:
    '5,000 images: `docker tag` outside the app → the row of the tag; changes sent to the window, lists requested',
  async run(environment) {
    const engine = await environment.engineWithImages('20.10', 5000)
    const proxy = await RecordingProxy.open(join(environment.folder, 'outside.sock'), engine.socket)
    const app = await environment.openApp({ socket: proxy.socket })
    const samples: Sample[] = []
    try {
      await app.firstRow()
      await app.addHelpers()
      // With this filter, the rows of the new tags are certainly visible.
      await app.page.getByRole('searchbox').fill(repository)
      await app.page.evaluate(`void slipway.on('images.changed', () => (bench.changes = (bench.changes ?? 0) + 1))`)
      for (let number = 0; number < changeCount; number++)
        samples.push(await measureChange(engine, app, proxy, `n${number}`))
    } finally {
      await app.close()
      proxy.close()
      const removals = samples.map(({ tag }) => engine.docker.getImage(`${repository}:${tag}`).remove())
      await Promise.allSettled(removals)
    }
    const sentCounts = samples.map(({ changesSent }) => changesSent)
    const maxSent = Math.max(...sentCounts)
    const listCount = samples.reduce((sum, { requests }) => sum + requests.filter(isList).length, 0)
    return [
      {
        name: 'outside-change',
        value: maxSent,
        reference: null,
        goal: '1 change sent to the window, 0 lists requested',
        pass: sentCounts.every((count) => count === 1) && listCount === 0,
        summary: [
          `${maxSent} change sent to the window, ${listCount} lists requested`,
          `row ${formatMs(median(samples.map(({ latencyMs }) => latencyMs)))} after the command (median of ${changeCount})`,
          `requests for one change: ${formatRequests(samples.at(-1)!.requests)}`,
        ].join('; '),
      },
    ]
  },
}

interface Sample {
  readonly tag: string
  /** How many changes main sent to the window. */
  readonly changesSent: number
  readonly requests: readonly string[]
  /** Ms from the end of the command until the row is in the DOM. */
  readonly latencyMs: number
}

const isList = (request: string) => request === 'GET /images/json'

async function measureChange(
  { programs, socket }: Engine,
  { page }: OpenedApp,
  proxy: RecordingProxy,
  tag: string,
): Promise<Sample> {
  // Waits until the app sends no more requests for the previous change, including those for the disk usage.
  while (proxy.takeRequests().length > 0) await sleep(3000)
  await page.evaluate(`void ((bench.changes = 0), (bench.pending = bench.waitForListText('${tag}')))`)
  await runFile(join(programs, 'docker'), ['tag', 'team-1/api-admin:1.1', `${repository}:${tag}`], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
  })
  const commandEndedAt = Date.now()
  const rowAt = await page.evaluate<number>('bench.pending')
  await sleep(2500)
  const changesSent = await page.evaluate<number>('bench.changes')
  return { tag, changesSent, requests: proxy.takeRequests(), latencyMs: rowAt - commandEndedAt }
}
