// Everything that CI runs: the build, static checks, unit tests, tests on real engines, and end-to-end tests.
// --matrix runs the engine tests on every engine (tests/engine/matrix.ts); other arguments select tests by file.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { checks } from './checks.ts'
import { runWithOutput, runSteps } from './steps.ts'

// Absolute, because Playwright resolves relative paths against the folder of its configuration.
const folder = resolve('.cache/results')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const args = process.argv.slice(2)
const fileFilters = args.filter((arg) => arg !== '--matrix')
if (fileFilters.length < args.length) process.env['SLIPWAY_MATRIX'] = 'whole'
const reportPath = (name: string) => `${folder}/${name}.json`
const runInWorld = 'tools/world/inside.sh'

const vitestCommand = (project: string, report: string, selection: readonly string[]) =>
  [
    'node_modules/.bin/vitest',
    ...['run', '--project', project, '--reporter=default', '--reporter=json'],
    ...[`--outputFile.json=${reportPath(report)}`, ...selection],
  ] as const

const checkOutcomes = await runSteps([{ name: 'build', command: [process.execPath, 'tools/build.ts'] }, ...checks])
const [vitestPath, ...unitArgs] = vitestCommand('unit', 'unit', fileFilters)
const suiteResults = [await runWithOutput(vitestPath, unitArgs)]
// More than a third of the time of all engine tests is that of daemon.json. In a whole run, they follow the end-to-end tests.
const daemonConfig = 'tests/engine/daemon-config'
const isWhole = fileFilters.length === 0
// Each suite runs in a world of its own, two at a time, because they mostly wait.
const [endToEnd] = await Promise.all([
  runEndToEnd().then(async (outcomes) => {
    if (isWhole) await runEngineTests('daemon-config', [daemonConfig])
    return outcomes
  }),
  runEngineTests('engine', isWhole ? ['--exclude', `${daemonConfig}/**`] : fileFilters),
])
console.log(endToEnd.map(({ ok, output }) => (ok ? output : '')).join(''))

// A suite that reported no counts, because its runner crashed, has failed.
let isReportMissing = false
const counts = [
  ...['unit', 'engine', ...(isWhole ? ['daemon-config'] : [])].map(readVitestCounts),
  readPlaywrightCounts(),
]
const passed = sum('passed') + checkOutcomes.filter(({ ok }) => ok).length
const failed = sum('failed') + checkOutcomes.filter(({ ok }) => !ok).length
const skipped = sum('skipped')
const hasFailed = isReportMissing || failed > 0 || suiteResults.some((ok) => !ok)
process.exitCode = hasFailed ? 1 : 0
// A failed run reports at least one failure, even if no runner counted any.
console.log(`${passed} passed, ${hasFailed ? Math.max(1, failed) : 0} failed${skipped ? `, ${skipped} skipped` : ''}`)

async function runEndToEnd() {
  const command = [runInWorld, process.execPath, 'tools/end-to-end.ts', ...fileFilters] as const
  const outcomes = await runSteps([{ name: 'end to end', command }])
  suiteResults.push(...outcomes.map(({ ok }) => ok))
  return outcomes
}

async function runEngineTests(report: string, selection: readonly string[]) {
  suiteResults.push(await runWithOutput(runInWorld, vitestCommand('engine', report, selection)))
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

function sum(key: keyof Counts): number {
  return counts.reduce((total, count) => total + count[key], 0)
}

function readVitestCounts(report: string): Counts {
  const { numPassedTests, numFailedTests, numPendingTests } = readReport(report)
  return {
    passed: Number(numPassedTests ?? 0),
    failed: Number(numFailedTests ?? 0),
    skipped: Number(numPendingTests ?? 0),
  }
}

function readPlaywrightCounts(): Counts {
  const { stats = {} } = readReport('e2e') as { stats?: Record<string, number> }
  return {
    passed: stats['expected'] ?? 0,
    failed: (stats['unexpected'] ?? 0) + (stats['flaky'] ?? 0),
    skipped: stats['skipped'] ?? 0,
  }
}

function readReport(name: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(reportPath(name), 'utf8')) as Record<string, unknown>
  } catch (error) {
    console.error(`The ${name} tests reported no counts:`, error)
    isReportMissing = true
    return {}
  }
}
