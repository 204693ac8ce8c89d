import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { megabytes, median, type Measure, type Outcome } from './measure.ts'
import type { Opened } from './opened-app.ts'
import { memoryOf, memoryOfTree } from './processes.ts'
import type { Stage } from './stage.ts'

const runs = 5
const bound = 120_000_000
/** Time in which a fresh app comes to rest. */
const rest = 5000
/** Half of them, then once more as many: what the first half grew, caches and heap, the second must not grow again. */
const events = 10_000
/** Less is what a process breathes. */
const breath = 3_000_000

export const memory: Measure = {
  name: 'memory',
  what: 'all processes, idle with 5,000 images, against the same launcher with an empty page; main after 10,000 events more',
  run: async (stage) => [await idle(stage), await growth(stage)],
}

async function idle(stage: Stage): Promise<Outcome> {
  const { socket } = await stage.engine('20.10', 5000)
  const own: number[] = []
  const empty: number[] = []
  for (let run = 0; run < runs; run++) {
    own.push(await atRest(stage.app({ socket })))
    empty.push(await atRest(stage.emptyApp()))
  }
  const [value, reference] = [median(own), median(empty)]
  return {
    name: 'memory',
    value,
    reference,
    goal: `difference ≤ ${megabytes(bound)}`,
    pass: value - reference <= bound,
    says: `${megabytes(value)} in all processes, ${megabytes(value - reference)} more than the empty page (${megabytes(reference)}; medians of ${runs})`,
  }
}

async function atRest(opening: Promise<Opened>): Promise<number> {
  const app = await opening
  try {
    await app.firstRow()
    await sleep(rest)
    return memoryOfTree(app.pid)
  } finally {
    await app.close()
  }
}

async function growth(stage: Stage): Promise<Outcome> {
  const { socket, docker } = await stage.engine('20.10', 5000)
  const app = await stage.app({ socket })
  try {
    await app.firstRow()
    const before = await mainCleared(app)
    await tagAndUntag(docker, events / 2)
    const middle = await mainCleared(app)
    await tagAndUntag(docker, events / 2)
    const after = await mainCleared(app)
    const value = after.resident - middle.resident
    return {
      name: 'memory (growth)',
      value,
      reference: null,
      goal: `second ${events / 2} events ≤ ${megabytes(breath)}`,
      pass: value <= breath,
      says: [
        `main ${megabytes(after.resident)} after ${events} events, garbage collected`,
        `the second half added ${megabytes(value)} (heap ${megabytes(after.heap - middle.heap)})`,
        `the first ${megabytes(middle.resident - before.resident)} (heap ${megabytes(middle.heap - before.heap)})`,
      ].join(', '),
    }
  } finally {
    await app.close()
  }
}

/** As many events, two at a time: a tag set and taken away. */
async function tagAndUntag(docker: Docker, count: number): Promise<void> {
  for (let pair = 0; pair < count / 2; pair++) {
    await docker.getImage('team-1/api-admin:1.1').tag({ repo: 'bench-memory', tag: `n${pair % 50}` })
    await docker.getImage(`bench-memory:n${pair % 50}`).remove()
  }
}

/** Main's memory once it has come to rest and its garbage is collected. */
async function mainCleared({ electron, pid }: Opened): Promise<{ resident: number; heap: number }> {
  await sleep(rest)
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
