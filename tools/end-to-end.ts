// Runs the end-to-end tests on a virtual display. `tools/test.ts` runs this in a world, parallel to the engine tests.
import { resolve } from 'node:path'
import { openDisplay } from './display.ts'
import { electronBinary } from './electron.ts'
import { runWithOutput } from './steps.ts'

const { real } = electronBinary()
console.log(
  real
    ? 'End to end, in Electron:'
    : 'End to end, in the stand-in (tests that need Electron itself are reported as skipped):',
)
const display = await openDisplay({ virtual: true })
try {
  const fileFilters = process.argv.slice(2)
  const command = ['test', '-c', 'tests/e2e/playwright.config.ts', '--reporter=list,json', ...fileFilters]
  const ok = await runWithOutput('node_modules/.bin/playwright', command, {
    ...display.env,
    PLAYWRIGHT_JSON_OUTPUT_NAME: resolve('.cache/results/e2e.json'),
  })
  process.exitCode = ok ? 0 : 1
} finally {
  display.close()
}
