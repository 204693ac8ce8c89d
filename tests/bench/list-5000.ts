import { spawn } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../tools/world/engine.ts'
import { median, ms, times, type Measure, type Outcome } from './measure.ts'
import type { Opened } from './opened-app.ts'
import { versions, type Stage } from './stage.ts'

const runs = 5
const bound = 0.7

export const list5000: Measure = {
  name: 'list-5000',
  what: '5,000 images, classic store: connected → first screen of rows in the DOM, against `docker images`',
  async run(stage) {
    const outcomes: Outcome[] = []
    const engines = await Promise.all(versions.map((version) => stage.engine(version, 5000)))
    for (const engine of engines) outcomes.push(await measure(stage, engine))
    return outcomes
  },
}

async function measure(stage: Stage, engine: Engine): Promise<Outcome> {
  const samples: Sample[] = []
  const command: number[] = []
  // The engine's first answer after loading is slower than all others.
  await dockerImages(engine)
  for (let run = 0; run < runs; run++) {
    command.push(await dockerImages(engine))
    samples.push(await firstScreen(stage, engine, run))
    command.push(await dockerImages(engine))
  }
  const of = (read: (sample: Sample) => number) => median(samples.map(read))
  const raw = of(({ rows }) => rows)
  const carried = stage.real ? 0 : of(({ transfer }) => transfer)
  const value = of(({ rows, transfer }) => rows - (stage.real ? 0 : transfer))
  const reference = median(command)
  return {
    name: `list-5000 (${engine.version.replace(/\.\d+$/, '')})`,
    value,
    reference,
    goal: `ratio ≤ ${bound}`,
    pass: value / reference <= bound,
    says: [
      `${ms(value)}, ${times(value / reference)} of docker images (${ms(reference)})`,
      carried && `without the stand-in's transfer of ${ms(carried)}; with it ${ms(raw)}, ${times(raw / reference)}`,
      `main has the list after ${ms(of(({ read }) => read))}`,
    ]
      .filter(Boolean)
      .join('; '),
  }
}

/** `docker images`, of the engine's own version, printing to a pipe. */
async function dockerImages({ programs, socket }: Engine): Promise<number> {
  const start = performance.now()
  const docker = spawn(join(programs, 'docker'), ['images'], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  docker.stdout.resume()
  const code = await new Promise<number | null>((resolve) => docker.on('close', resolve))
  if (code !== 0) throw new Error(`docker images ended with ${code}`)
  return performance.now() - start
}

interface Sample {
  /** Connected → main tells the window. */
  readonly read: number
  /** Connected → first screen of rows in the DOM. */
  readonly rows: number
  /** What the same images take on their way to the window when nothing else happens. */
  readonly transfer: number
}

async function firstScreen(stage: Stage, { socket, version }: Engine, run: number): Promise<Sample> {
  // The app waits before a door that opens later, so that its own start is not in the figure.
  const door = join(stage.folder, `${version}-${run}.sock`)
  const app = await stage.app({ socket: door })
  try {
    await app.page.getByText(door).first().waitFor()
    const instants = await listen(app)
    await app.equip()
    await sleep(1000)
    symlinkSync(socket, door)
    const rows = await app.firstRow()
    const { connected, told } = await instants()
    // Main reads layers for some seconds after the list: the fastest transfer is the one that nothing went on beside.
    const transfers: number[] = []
    for (let i = 0; i < 10; i++) {
      await sleep(1000)
      transfers.push(await app.page.evaluate<number>('bench.transfer()'))
    }
    return { read: told - connected, rows: rows - connected, transfer: Math.min(...transfers) }
  } finally {
    await app.close()
  }
}

/** Notes in main, without a detour, when it says that it is connected and when it tells the images. */
async function listen({ electron }: Opened): Promise<() => Promise<{ connected: number; told: number }>> {
  const noted = await electron.evaluateHandle(({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const send = webContents.send.bind(webContents)
    const noted = { connected: NaN, told: NaN }
    webContents.send = (channel: string, name?: unknown, ...values: unknown[]) => {
      if (name === 'engine.changed' && Number.isNaN(noted.connected)) noted.connected = Date.now()
      if (name === 'images.changed' && Number.isNaN(noted.told)) noted.told = Date.now()
      send(channel, name, ...values)
    }
    return noted
  })
  return () => noted.jsonValue()
}
