import type Docker from 'dockerode'
import type { Duplex } from 'node:stream'
import { ms, quantile, type Measure } from './measure.ts'
import { idle, openBox } from './terminals.ts'

/** Two frames. */
const bound = 16
const runs = 120

export const terminalEcho: Measure = {
  name: 'terminal-echo',
  what: 'a key in a terminal → its echo in the DOM, over the way to the engine and back alone',
  async run(stage) {
    const box = await openBox(stage)
    try {
      const through = await byWindow(box)
      const alone = await byEngine(box.engine.docker, box.container)
      const [p95, own] = [quantile(through, 0.95), quantile(alone, 0.95)]
      const value = p95 - own
      return [
        {
          name: 'terminal-echo',
          value,
          reference: null,
          goal: `p95 ≤ ${bound} ms over the engine's own`,
          pass: value <= bound,
          says:
            `${ms(value)} (p95 of ${runs}: ${ms(p95)}, the engine's own ${ms(own)}), ` +
            `${ms(quantile(through, 0.5))} and ${ms(quantile(alone, 0.5))} in the middle`,
        },
      ]
    } finally {
      await box.close()
    }
  },
}

/** From the key's event to the row that has its letter. Each time another letter, on a line of its own. */
async function byWindow({ app: { page } }: Awaited<ReturnType<typeof openBox>>): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const letter = 'abcdefghijklmnopqrstuvwxyz'[run % 26]!
    if (run % 40 === 0) await page.keyboard.press('Control+c')
    await idle(page)
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

/** The same by the engine's own interface, from a program that draws nothing. */
async function byEngine(docker: Docker, container: string): Promise<number[]> {
  const exec = await docker.getContainer(container).exec({
    ...{ Cmd: ['sh'], Tty: true, AttachStdin: true, AttachStdout: true },
  })
  const stream = (await exec.start({ hijack: true, stdin: true, Tty: true })) as Duplex
  const said = () => new Promise<void>((resolve) => stream.once('data', () => resolve()))
  const times: number[] = []
  try {
    await said()
    for (let run = 0; run < runs; run++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const echo = said()
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
