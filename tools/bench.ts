// Measures the built app, each figure beside what it is held against: one line a measure, or with --json one object.
import { spawnSync } from 'node:child_process'
import { json, line, measures, Stage } from '../tests/bench/index.ts'
import { openDisplay } from './display.ts'

const words = process.argv.slice(2)
const names = words.filter((word) => !word.startsWith('--'))
const asJson = words.includes('--json')
/** Beside the figures, which alone are on standard output. */
const say = (text: string) => console.error(text)

const unknown = names.filter((name) => measures.every((measure) => measure.name !== name))
if (unknown.length > 0 || words.some((word) => word.startsWith('--') && word !== '--json')) {
  say(
    `usage: ./dev bench [name…] [--json]\n${measures.map(({ name, what }) => `  ${name.padEnd(16)}${what}`).join('\n')}`,
  )
  process.exit(2)
}

const { status } = spawnSync(process.execPath, ['tools/build.ts'], { stdio: ['ignore', 2, 2] })
if (status !== 0) process.exit(1)

const display = await openDisplay({ virtual: true })
const stage = new Stage(display.env, say)
say(`carried by ${stage.real ? 'Electron' : 'the stand-in'}`)
try {
  for (const measure of measures.filter(({ name }) => names.length === 0 || names.includes(name))) {
    try {
      for (const outcome of await measure.run(stage)) console.log(asJson ? json(outcome) : line(outcome))
    } catch (error) {
      say(`${measure.name} could not be measured: ${error instanceof Error ? error.stack : error}`)
      process.exitCode = 1
    }
  }
} finally {
  await stage.close()
  display.close()
}
