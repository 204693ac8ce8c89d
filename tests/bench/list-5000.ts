import { spawn } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../../tools/world/engine.ts'
import { formatMs, formatRatio, median, type Benchmark, type BenchmarkResult } from './benchmark.ts'
import { versions, type BenchEnvironment } from './environment.ts'
import type { OpenedApp } from './opened-app.ts'

const runs = 5
const maxRatio = 0.7

export const list5000: Benchmark = {
  name: 'list-5000',
  description: '5,000 images, classic store: connected → first screen of rows in the DOM, against `docker images`',
  async run(environment) {
    const results: BenchmarkResult[] = []
    const engines = await Promise.all(versions.map((version) => environment.engineWithImages(version, 5000)))
    for (const engine of engines) results.push(await measure(environment, engine))
    return results
  },
}

async function measure(environment: BenchEnvironment, engine: Engine): Promise<BenchmarkResult> {
  const samples: Sample[] = []
  const dockerTimes: number[] = []
  // The engine's first list after images are loaded is slower than later ones, so it does not count.
  await runDockerImages(engine)
  for (let run = 0; run < runs; run++) {
    dockerTimes.push(await runDockerImages(engine))
    samples.push(await measureFirstScreen(environment, engine, run))
    dockerTimes.push(await runDockerImages(engine))
  }
  const medianOf = (read: (sample: Sample) => number) => median(samples.map(read))
  const rowsMs = medianOf((sample) => sample.rowsMs)
  const transferMs = environment.isElectron ? 0 : medianOf((sample) => sample.transferMs)
  const value = medianOf((sample) => sample.rowsMs - (environment.isElectron ? 0 : sample.transferMs))
  const reference = median(dockerTimes)
  return {
    name: `list-5000 (${engine.version.replace(/\.\d+$/, '')})`,
    value,
    reference,
    goal: `ratio ≤ ${maxRatio}`,
    pass: value / reference <= maxRatio,
    summary: [
      `${formatMs(value)}, ${formatRatio(value / reference)} of docker images (${formatMs(reference)})`,
      transferMs &&
        `without the stand-in's transfer of ${formatMs(transferMs)}; with it ${formatMs(rowsMs)}, ${formatRatio(rowsMs / reference)}`,
      `main has the list after ${formatMs(medianOf(({ listMs }) => listMs))}`,
    ]
      .filter(Boolean)
      .join('; '),
  }
}

/** Runs `docker images`, in the version of the engine, with its output to a pipe. @returns the duration in ms */
async function runDockerImages({ programs, socket }: Engine): Promise<number> {
  const start = performance.now()
  const docker = spawn(join(programs, 'docker'), ['images'], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  docker.stdout.resume()
  const code = await new Promise<number | null>((resolve) => docker.on('close', resolve))
  if (code !== 0) throw new Error(`docker images exited with ${code}`)
  return performance.now() - start
}

interface Sample {
  /** Ms from the connection until main publishes the images. */
  readonly listMs: number
  /** Ms from the connection until the first row is in the DOM. */
  readonly rowsMs: number
  /** Ms that main needs to send the same images to the window when nothing else happens. */
  readonly transferMs: number
}

async function measureFirstScreen(
  environment: BenchEnvironment,
  { socket, version }: Engine,
  run: number,
): Promise<Sample> {
  // The app's socket is created only after its start, so that the start is not measured.
  const link = join(environment.folder, `${version}-${run}.sock`)
  const app = await environment.openApp({ socket: link })
  try {
    await app.page.getByText(link).first().waitFor()
    const readTimes = await recordEvents(app)
    await app.addHelpers()
    await sleep(1000)
    symlinkSync(socket, link)
    const firstRowAt = await app.firstRow()
    const { connectedAt, publishedAt } = await readTimes()
    // Main reads layers for some seconds after the list, so only the fastest of ten transfers is undisturbed.
    const transfers: number[] = []
    for (let i = 0; i < 10; i++) {
      await sleep(1000)
      transfers.push(await app.page.evaluate<number>('bench.measureTransfer()'))
    }
    return {
      listMs: publishedAt - connectedAt,
      rowsMs: firstRowAt - connectedAt,
      transferMs: Math.min(...transfers),
    }
  } finally {
    await app.close()
  }
}

/**
 * Records, in main, when the first events of the engine and of the images are sent.
 * @returns a function that reads these times
 */
async function recordEvents({
  electron,
}: OpenedApp): Promise<() => Promise<{ connectedAt: number; publishedAt: number }>> {
  const handle = await electron.evaluateHandle(({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const send = webContents.send.bind(webContents)
    const times = { connectedAt: NaN, publishedAt: NaN }
    webContents.send = (channel: string, name?: unknown, ...values: unknown[]) => {
      if (name === 'engine.changed' && Number.isNaN(times.connectedAt)) times.connectedAt = Date.now()
      if (name === 'images.changed' && Number.isNaN(times.publishedAt)) times.publishedAt = Date.now()
      send(channel, name, ...values)
    }
    return times
  })
  return () => handle.jsonValue()
}
