import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { formatMs, formatRatio, median, type Benchmark } from './benchmark.ts'
import type { OpenedApp } from './opened-app.ts'
import { openTerminal, waitUntilIdle, type OpenedTerminal } from './terminal-setup.ts'

const runs = 5
const outputBytes = 10_000_000
const maxRatio = 1.0
const maxFrameMs = 50

/** Prints lines like those of a build or a log. */
const outputCommand = `yes 'Step 12/34 : RUN make -j4 && make install # a line as logs have them' | head -c ${outputBytes}`
/** Its output ends with `end: 42`, a text that the typed command itself does not contain. */
const typedCommand = `${outputCommand}; echo; echo "end: $((6*7))"`

export const terminal10mb: Benchmark = {
  name: 'terminal-10mb',
  description: '10 MB of output in a terminal → its end in the DOM, against `docker run -t` with the same output',
  async run(environment) {
    const terminal = await openTerminal(environment)
    const bareApp = environment.isElectron
      ? undefined
      : await environment.openBareApp({ socket: terminal.engine.socket })
    const windowSamples: WindowSample[] = []
    const dockerTimes: number[] = []
    const transferTimes: number[] = []
    try {
      // The first round only warms up the renderer.
      for (let run = 0; run <= runs; run++) {
        const windowSample = await measureInWindow(terminal, environment.isElectron)
        const transferTime = bareApp ? await measureTransfer(bareApp, terminal.container) : 0
        const dockerTime = await measureDocker(terminal)
        if (run === 0) continue
        windowSamples.push(windowSample)
        transferTimes.push(transferTime)
        dockerTimes.push(dockerTime)
      }
    } finally {
      await bareApp?.close()
      await terminal.close()
    }
    const windowMs = median(windowSamples.map((sample) => sample.ms))
    const [transferMs, dockerMs] = [median(transferTimes), median(dockerTimes)]
    const value = windowMs - transferMs
    const frameMs = Math.max(...windowSamples.map((sample) => sample.longestFrameMs))
    return [
      {
        name: 'terminal-10mb',
        value,
        reference: dockerMs,
        goal: `ratio ≤ ${maxRatio}, no frame over ${maxFrameMs} ms`,
        pass: value / dockerMs <= maxRatio && frameMs <= maxFrameMs,
        summary:
          `${formatMs(value)}, ${formatRatio(value / dockerMs)} of docker run -t (${formatMs(dockerMs)}; medians of ${runs}); ` +
          `${formatMs(windowMs)} with the stand-in's transfer of ${formatMs(transferMs)}; ` +
          `longest frame ${frameMs > 0 ? formatMs(frameMs) : `under ${maxFrameMs} ms`}`,
      },
    ]
  },
}

interface WindowSample {
  /** Ms from the Enter key that starts the command until its last line is in the DOM. */
  readonly ms: number
  /** Ms of the longest frame; 0 if no frame took longer than 50 ms. */
  readonly longestFrameMs: number
}

async function measureInWindow({ app: { page } }: OpenedTerminal, isElectron: boolean): Promise<WindowSample> {
  await page.keyboard.insertText(`clear; ${typedCommand}`)
  await waitUntilIdle(page)
  await page.evaluate(`void (bench.sample = new Promise((resolve) => {
    // The browser reports frames of more than 50 ms. In the stand-in, only the longest script of the app and the
    // rendering count, because the rest of the frame is the stand-in's transfer.
    let longestFrameMs = 0
    const workOf = ({ startTime, duration, renderStart, scripts }) => Math.max(
      ...scripts.filter(({ sourceURL }) => /\\/assets\\//.test(sourceURL)).map(({ duration }) => duration),
      renderStart > 0 ? startTime + duration - renderStart : 0,
    )
    const frames = new PerformanceObserver((list) => {
      for (const frame of list.getEntries()) longestFrameMs = Math.max(longestFrameMs, ${isElectron} ? frame.duration : workOf(frame))
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
      setTimeout(() => (frames.disconnect(), resolve({ ms, longestFrameMs })), 200)
    })
    observer.observe(rows, { childList: true, subtree: true, characterData: true })
  }))`)
  await page.keyboard.press('Enter')
  const sample = await page.evaluate<WindowSample>('bench.sample')
  await page.keyboard.insertText('clear')
  await page.keyboard.press('Enter')
  await page.locator('.xterm-rows').filter({ hasText: 'end: 42' }).waitFor({ state: 'detached' })
  return sample
}

/** @returns the ms until a page that shows nothing has received the output of the same command */
async function measureTransfer({ page }: OpenedApp, container: string): Promise<number> {
  const input = JSON.stringify({ container, kind: 'shell', size: { columns: 120, rows: 36 } })
  return await page.evaluate<number>(`(async () => {
    const decoder = new TextDecoder()
    const id = (await slipway.call('terminals.open', ${input})).value
    await slipway.call('terminals.replay', id)
    await new Promise((resolve) => setTimeout(resolve, 500))
    let text = ''
    let acknowledged = 0
    const end = new Promise((resolve) => slipway.on('terminals.data', ({ at, bytes }) => {
      text = (text + decoder.decode(bytes.subarray(-100))).slice(-100)
      const upTo = at + bytes.length
      if (upTo - acknowledged >= 65536) void slipway.call('terminals.acknowledge', { id, upTo: (acknowledged = upTo) })
      if (text.includes('end: 42')) resolve()
    }))
    const start = performance.now()
    await slipway.call('terminals.write', { id, text: ${JSON.stringify(`${typedCommand}\n`)} })
    await end
    const ms = performance.now() - start
    await slipway.call('terminals.close', id)
    return ms
  })()`)
}

/** @returns the ms from the first to the last output of `docker run -t`, in a terminal that shows nothing */
async function measureDocker({ engine: { programs, socket } }: OpenedTerminal): Promise<number> {
  const args = ['run', '-t', '--rm', '--network', 'none', 'box:1', 'sh', '-c', `echo begin; ${outputCommand}; echo end`]
  // `docker run -t` needs a terminal, which `script` provides.
  const docker = spawn(
    'script',
    ['-qec', `${join(programs, 'docker')} ${args.map(shellQuote).join(' ')}`, '/dev/null'],
    {
      env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let start = 0
  docker.stdout.on('data', () => (start ||= performance.now()))
  await new Promise((resolve) => docker.on('close', resolve))
  return performance.now() - start
}

const shellQuote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
