import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { median, ms, times, type Measure } from './measure.ts'
import type { Opened } from './opened-app.ts'
import { idle, openBox } from './terminals.ts'

type Box = Awaited<ReturnType<typeof openBox>>

const runs = 5
const bytes = 10_000_000
const bound = 1.0
const longestFrame = 50

/** Lines as a build or a log has them. */
const output = `yes 'Step 12/34 : RUN make -j4 && make install # a line as logs have them' | head -c ${bytes}`
/** At the end, what the typed command itself does not hold. */
const written = `${output}; echo; echo "end: $((6*7))"`

export const terminal10mb: Measure = {
  name: 'terminal-10mb',
  what: '10 MB of output in a terminal → its end in the DOM, against `docker run -t` printing them',
  async run(stage) {
    const box = await openBox(stage)
    const bare = stage.real ? undefined : await stage.bareApp({ socket: box.engine.socket })
    const own: Drawn[] = []
    const command: number[] = []
    const transfer: number[] = []
    try {
      // The first pass warms what draws.
      for (let run = 0; run <= runs; run++) {
        const drawn = await byWindow(box, stage.real)
        const alone = bare ? await transferred(bare, box.container) : 0
        const printed = await byDocker(box)
        if (run === 0) continue
        own.push(drawn)
        transfer.push(alone)
        command.push(printed)
      }
    } finally {
      await bare?.close()
      await box.close()
    }
    const all = median(own.map((drawn) => drawn.ms))
    const [carried, against] = [median(transfer), median(command)]
    const value = all - carried
    const frame = Math.max(...own.map((drawn) => drawn.longestFrame))
    return [
      {
        name: 'terminal-10mb',
        value,
        reference: against,
        goal: `ratio ≤ ${bound}, no frame over ${longestFrame} ms`,
        pass: value / against <= bound && frame <= longestFrame,
        says:
          `${ms(value)}, ${times(value / against)} of docker run -t (${ms(against)}; medians of ${runs}); ` +
          `${ms(all)} with the stand-in's transfer of ${ms(carried)}; longest frame ${frame > 0 ? ms(frame) : `under ${longestFrame} ms`}`,
      },
    ]
  },
}

interface Drawn {
  readonly ms: number
  readonly longestFrame: number
}

/** From the Enter that starts it to the row that ends it. */
async function byWindow({ app: { page } }: Box, real: boolean): Promise<Drawn> {
  await page.keyboard.insertText(`clear; ${written}`)
  await idle(page)
  await page.evaluate(`void (bench.drawn = new Promise((resolve) => {
    // Told of are frames of more than 50 ms; of those, the longest work without a pause in which the window would answer.
    // The stand-in's transfer, which no script of the app's makes, is left out.
    let longest = 0
    const work = ({ startTime, duration, renderStart, scripts }) => Math.max(
      ...scripts.filter(({ sourceURL }) => /\\/assets\\//.test(sourceURL)).map(({ duration }) => duration),
      renderStart > 0 ? startTime + duration - renderStart : 0,
    )
    const frames = new PerformanceObserver((list) => {
      for (const frame of list.getEntries()) longest = Math.max(longest, ${real} ? frame.duration : work(frame))
    })
    frames.observe({ entryTypes: ['long-animation-frame'] })
    let start
    const rows = document.querySelector('.xterm-rows')
    addEventListener('keydown', () => (start = performance.now()), { capture: true, once: true })
    const observer = new MutationObserver(() => {
      if (!rows.textContent.includes('end: 42')) return
      observer.disconnect()
      document.body.getBoundingClientRect()
      const ms = performance.now() - start
      setTimeout(() => (frames.disconnect(), resolve({ ms, longestFrame: longest })), 200)
    })
    observer.observe(rows, { childList: true, subtree: true, characterData: true })
  }))`)
  await page.keyboard.press('Enter')
  const drawn = await page.evaluate<Drawn>('bench.drawn')
  await page.keyboard.insertText('clear')
  await page.keyboard.press('Enter')
  await page.locator('.xterm-rows').filter({ hasText: 'end: 42' }).waitFor({ state: 'detached' })
  return drawn
}

/** The same bytes on the same way to a page that takes them and draws nothing. */
async function transferred({ page }: Opened, container: string): Promise<number> {
  const input = JSON.stringify({ container, kind: 'shell', size: { columns: 120, rows: 36 } })
  return await page.evaluate<number>(`(async () => {
    const decoder = new TextDecoder()
    const id = (await slipway.call('terminals.open', ${input})).value
    await slipway.call('terminals.replay', id)
    await new Promise((done) => setTimeout(done, 500))
    let text = ''
    let told = 0
    const end = new Promise((done) => slipway.on('terminals.data', ({ at, bytes }) => {
      text = (text + decoder.decode(bytes.subarray(-100))).slice(-100)
      const upTo = at + bytes.length
      if (upTo - told >= 65536) void slipway.call('terminals.took', { id, upTo: (told = upTo) })
      if (text.includes('end: 42')) done()
    }))
    const start = performance.now()
    await slipway.call('terminals.write', { id, text: ${JSON.stringify(`${written}\n`)} })
    await end
    const took = performance.now() - start
    await slipway.call('terminals.close', id)
    return took
  })()`)
}

/** To a terminal that draws nothing. */
async function byDocker({ engine: { programs, socket } }: Box): Promise<number> {
  const run = ['run', '-t', '--rm', '--network', 'none', 'box:1', 'sh', '-c', `echo begin; ${output}; echo end`]
  // `docker run -t` wants a terminal for itself: script gives it one.
  const docker = spawn('script', ['-qec', `${join(programs, 'docker')} ${run.map(quoted).join(' ')}`, '/dev/null'], {
    env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let start = 0
  docker.stdout.on('data', () => (start ||= performance.now()))
  await new Promise((resolve) => docker.on('close', resolve))
  return performance.now() - start
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
