import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { formatMegabytes, median, type Benchmark, type BenchmarkResult } from './benchmark.ts'
import type { BenchEnvironment } from './environment.ts'
import type { OpenedApp } from './opened-app.ts'
import { memoryOf, memoryOfTree } from './process-memory.ts'

const runs = 5
const maxDifferenceBytes = 120_000_000
/** After this time, a newly started app is idle. */
const settleMs = 5000
/** Caches and the heap grow during the first half of the events. During the second half they must not grow again. */
const eventCount = 10_000
/** Memory of an idle process varies by less than this. */
const maxGrowthBytes = 3_000_000

export const memory: Benchmark = {
  name: 'memory',
  description:
    'all processes, idle with 5,000 images, against the same executable with an empty page; growth of main in 10,000 events',
  run: async (environment) => [await measureIdle(environment), await measureGrowth(environment)],
}

async function measureIdle(environment: BenchEnvironment): Promise<BenchmarkResult> {
  const { socket } = await environment.engineWithImages('20.10', 5000)
  const appBytes: number[] = []
  const emptyAppBytes: number[] = []
  for (let run = 0; run < runs; run++) {
    appBytes.push(await idleMemory(environment.openApp({ socket })))
    emptyAppBytes.push(await idleMemory(environment.openEmptyApp()))
  }
  const [value, reference] = [median(appBytes), median(emptyAppBytes)]
  return {
    name: 'memory',
    value,
    reference,
    goal: `difference ≤ ${formatMegabytes(maxDifferenceBytes)}`,
    pass: value - reference <= maxDifferenceBytes,
    summary:
      `${formatMegabytes(value)} in all processes, ${formatMegabytes(value - reference)} more than ` +
      `the empty page (${formatMegabytes(reference)}; medians of ${runs})`,
  }
}

/** Bytes in all processes of the app once it is idle. */
async function idleMemory(opening: Promise<OpenedApp>): Promise<number> {
  const app = await opening
  try {
    await app.firstRow()
    await sleep(settleMs)
    return memoryOfTree(app.pid)
  } finally {
    await app.close()
  }
}

async function measureGrowth(environment: BenchEnvironment): Promise<BenchmarkResult> {
  const { socket, docker } = await environment.engineWithImages('20.10', 5000)
  const app = await environment.openApp({ socket })
  try {
    await app.firstRow()
    const before = await memoryOfMain(app)
    await tagAndUntag(docker, eventCount / 2)
    const middle = await memoryOfMain(app)
    await tagAndUntag(docker, eventCount / 2)
    const after = await memoryOfMain(app)
    const value = after.resident - middle.resident
    return {
      name: 'memory (growth)',
      value,
      reference: null,
      goal: `second ${eventCount / 2} events ≤ ${formatMegabytes(maxGrowthBytes)}`,
      pass: value <= maxGrowthBytes,
      summary: [
        `main ${formatMegabytes(after.resident)} after ${eventCount} events, garbage collected`,
        `the second half added ${formatMegabytes(value)} (heap ${formatMegabytes(after.heap - middle.heap)})`,
        `the first half ${formatMegabytes(middle.resident - before.resident)} (heap ${formatMegabytes(middle.heap - before.heap)})`,
      ].join(', '),
    }
  } finally {
    await app.close()
  }
}

/** Causes this many events: sets a tag and removes it, again and again. */
async function tagAndUntag(docker: Docker, count: number): Promise<void> {
  for (let pair = 0; pair < count / 2; pair++) {
    await docker.getImage('team-1/api-admin:1.1').tag({ repo: 'bench-memory', tag: `n${pair % 50}` })
    await docker.getImage(`bench-memory:n${pair % 50}`).remove()
  }
}

/** Bytes of the main process once it is idle and its garbage is collected. */
async function memoryOfMain({ electron, pid }: OpenedApp): Promise<{ resident: number; heap: number }> {
  await sleep(settleMs)
  const heap = await electron.evaluate(async () => {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8')
    const { runInNewContext } = process.getBuiltinModule('node:vm')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    for (let i = 0; i < 3; i++) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return process.memoryUsage().heapUsed
  })
  return { resident: memoryOf(pid), heap }
}
