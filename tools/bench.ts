// Benchmarks the built app. Prints each measurement with its baseline: one per line, or one object with --json.
import { spawnSync } from 'node:child_process'
import { json, line, measures, Stage } from '../tests/bench/index.ts'
import { openDisplay } from './display.ts'

const args = process.argv.slice(2)
const names = args.filter((arg) => !arg.startsWith('--'))
const asJson = args.includes('--json')
/** Progress messages; standard output contains only the measurements. */
const log = (text: string) => console.error(text)

const unknown = names.filter((name) => measures.every((measure) => measure.name !== name))
if (unknown.length > 0 || args.some((arg) => arg.startsWith('--') && arg !== '--json')) {
  log(
    `usage: ./dev bench [name…] [--json]\n${measures.map(({ name, what }) => `  ${name.padEnd(16)}${what}`).join('\n')}`,
  )
  process.exit(2)
}

const { status } = spawnSync(process.execPath, ['tools/build.ts'], { stdio: ['ignore', 2, 2] })
if (status !== 0) process.exit(1)

const display = await openDisplay({ virtual: true })
const stage = new Stage(display.env, log)
log(`running in ${stage.real ? 'Electron' : 'the stand-in'}`)
try {
  for (const measure of measures.filter(({ name }) => names.length === 0 || names.includes(name))) {
    try {
      for (const outcome of await measure.run(stage)) console.log(asJson ? json(outcome) : line(outcome))
    } catch (error) {
      log(`${measure.name} could not be measured: ${error instanceof Error ? error.stack : error}`)
      process.exitCode = 1
    }
  }
} finally {
  await stage.close()
  display.close()
}
