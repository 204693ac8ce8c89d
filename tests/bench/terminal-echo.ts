import type Docker from 'dockerode'
import type { Duplex } from 'node:stream'
import { formatMs, quantile, type Benchmark } from './benchmark.ts'
import { openTerminal, waitUntilIdle, type OpenedTerminal } from './terminal-setup.ts'

const maxMs = 16
const runs = 120

export const terminalEcho: Benchmark = {
  name: 'terminal-echo',
  description: 'a key in a terminal → its echo in the DOM, minus the time to the engine and back',
  async run(environment) {
    const terminal = await openTerminal(environment)
    try {
      const windowTimes = await measureInWindow(terminal)
      const engineTimes = await measureEngine(terminal.engine.docker, terminal.container)
      const [windowP95, engineP95] = [quantile(windowTimes, 0.95), quantile(engineTimes, 0.95)]
      const value = windowP95 - engineP95
      return [
        {
          name: 'terminal-echo',
          value,
          reference: null,
          goal: `p95 ≤ ${maxMs} ms more than the engine's`,
          pass: value <= maxMs,
          summary:
            `${formatMs(value)} (p95 of ${runs}: ${formatMs(windowP95)}, the engine's ${formatMs(engineP95)}), ` +
            `medians ${formatMs(quantile(windowTimes, 0.5))} and ${formatMs(quantile(engineTimes, 0.5))}`,
        },
      ]
    } finally {
      await terminal.close()
    }
  },
}

/** Types one letter after another. @returns the ms from each key's event until its letter is in the DOM */
async function measureInWindow({ app: { page } }: OpenedTerminal): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const letter = 'abcdefghijklmnopqrstuvwxyz'[run % 26]!
    if (run % 40 === 0) await page.keyboard.press('Control+c')
    await waitUntilIdle(page)
    await page.evaluate(`void (bench.echo = new Promise((resolve) => {
      let start
      const rows = document.querySelector('.xterm-rows')
      const count = () => rows.textContent.split('${letter}').length
      const before = count()
      addEventListener('keydown', () => (start = performance.now()), { capture: true, once: true })
      const observer = new MutationObserver(() => {
        if (count() <= before) return
        observer.disconnect()
        document.body.getBoundingClientRect()
        resolve(performance.now() - start)
      })
      observer.observe(rows, { childList: true, subtree: true, characterData: true })
    }))`)
    await page.keyboard.press(letter)
    times.push(await page.evaluate<number>('bench.echo'))
  }
  return times
}

/** @returns the ms until the engine echoes each key, measured with an exec stream and without a window */
async function measureEngine(docker: Docker, container: string): Promise<number[]> {
  const exec = await docker.getContainer(container).exec({
    ...{ Cmd: ['sh'], Tty: true, AttachStdin: true, AttachStdout: true },
  })
  const stream = (await exec.start({ hijack: true, stdin: true, Tty: true })) as Duplex
  const nextOutput = () => new Promise<void>((resolve) => stream.once('data', () => resolve()))
  const times: number[] = []
  try {
    await nextOutput()
    for (let run = 0; run < runs; run++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const echo = nextOutput()
      const start = performance.now()
      stream.write('abcdefghijklmnopqrstuvwxyz'[run % 26]!)
      await echo
      times.push(performance.now() - start)
    }
  } finally {
    stream.destroy()
  }
  return times
}
