// Benchmarks the built app. Prints one measurement per line, with --json as a JSON object.
import { spawnSync } from 'node:child_process'
import { benchmarks, BenchEnvironment, json, line } from '../tests/bench/index.ts'
import { openDisplay } from './display.ts'

const args = process.argv.slice(2)
const names = args.filter((arg) => !arg.startsWith('--'))
const asJson = args.includes('--json')
/** Progress messages; standard output contains only the measurements. */
const log = (text: string) => console.error(text)

const unknownNames = names.filter((name) => benchmarks.every((benchmark) => benchmark.name !== name))
if (unknownNames.length > 0 || args.some((arg) => arg.startsWith('--') && arg !== '--json')) {
  log(
    `usage: ./dev bench [name…] [--json]\n${benchmarks.map(({ name, description }) => `  ${name.padEnd(16)}${description}`).join('\n')}`,
  )
  process.exit(2)
}

const { status } = spawnSync(process.execPath, ['tools/build.ts'], { stdio: ['ignore', 2, 2] })
if (status !== 0) process.exit(1)

const display = await openDisplay({ virtual: true })
const environment = new BenchEnvironment(display.env, log)
log(`running in ${environment.isElectron ? 'Electron' : 'the stand-in'}`)
try {
  for (const benchmark of benchmarks.filter(({ name }) => names.length === 0 || names.includes(name))) {
    try {
      for (const result of await benchmark.run(environment)) console.log(asJson ? json(result) : line(result))
    } catch (error) {
      log(`${benchmark.name} could not be measured: ${error instanceof Error ? error.stack : error}`)
      process.exitCode = 1
    }
  }
} finally {
  await environment.close()
  display.close()
}
