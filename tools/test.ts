// All that CI runs: static checks, the build, the tests on real engines, and the end-to-end tests.
// --matrix runs the engine tests on every engine (tests/engine/matrix.ts); other arguments select tests by file.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { checks } from './checks.ts'
import { runShown, runSteps } from './steps.ts'

// Absolute, because Playwright resolves relative paths against the folder of its configuration.
const folder = resolve('.cache/results')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const words = process.argv.slice(2)
const only = words.filter((word) => word !== '--matrix')
if (only.length < words.length) process.env['SLIPWAY_MATRIX'] = 'whole'
const report = (name: string) => `${folder}/${name}.json`
const inside = 'tools/world/inside.sh'

const vitest = (project: string) =>
  [
    'node_modules/.bin/vitest',
    ...['run', '--project', project, '--reporter=default', '--reporter=json'],
    ...[`--outputFile.json=${report(project)}`, ...only],
  ] as const

const checked = await runSteps([{ name: 'build', command: [process.execPath, 'tools/build.ts'] }, ...checks])
const [unit, ...units] = vitest('unit')
const ran = [await runShown(unit, units)]
// Each suite runs in its own world, in parallel: both mostly wait.
const [endToEnd, engines] = await Promise.all([
  runSteps([{ name: 'end to end', command: [inside, process.execPath, 'tools/end-to-end.ts', ...only] }]),
  runShown(inside, vitest('engine')),
])
ran.push(engines, ...endToEnd.map(({ ok }) => ok))
console.log(endToEnd.map(({ ok, output }) => (ok ? output : '')).join(''))

// A suite that reports no counts has not passed.
let uncounted = false
const counts = [...['unit', 'engine'].map(vitestCounts), playwrightCounts()]
const passed = sum('passed') + checked.filter(({ ok }) => ok).length
const failed = sum('failed') + checked.filter(({ ok }) => !ok).length
const skipped = sum('skipped')
const failedAny = uncounted || failed > 0 || ran.some((ok) => !ok)
process.exitCode = failedAny ? 1 : 0
// A runner that crashed before it reported counts is a failure too.
console.log(`${passed} passed, ${failedAny ? Math.max(1, failed) : 0} failed${skipped ? `, ${skipped} skipped` : ''}`)

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

function sum(key: keyof Counts): number {
  return counts.reduce((total, count) => total + count[key], 0)
}

function vitestCounts(project: string): Counts {
  const { numPassedTests, numFailedTests, numPendingTests } = readReport(project)
  return {
    passed: Number(numPassedTests ?? 0),
    failed: Number(numFailedTests ?? 0),
    skipped: Number(numPendingTests ?? 0),
  }
}

function playwrightCounts(): Counts {
  const { stats = {} } = readReport('e2e') as { stats?: Record<string, number> }
  return {
    passed: stats['expected'] ?? 0,
    failed: (stats['unexpected'] ?? 0) + (stats['flaky'] ?? 0),
    skipped: stats['skipped'] ?? 0,
  }
}

function readReport(name: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(report(name), 'utf8')) as Record<string, unknown>
  } catch (error) {
    console.error(`The tests of ${name} reported no counts:`, error)
    uncounted = true
    return {}
  }
}
