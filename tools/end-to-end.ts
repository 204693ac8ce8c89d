// End-to-end tests on a virtual display in their own world; `tools/test.ts` runs them beside the engine tests.
import { resolve } from 'node:path'
import { openDisplay } from './display.ts'
import { electronBinary } from './electron.ts'
import { runShown } from './steps.ts'

const { real } = electronBinary()
console.log(
  real ? 'End to end, in Electron:' : 'End to end, in the stand-in (what only Electron can show is skipped and said):',
)
const display = await openDisplay({ virtual: true })
try {
  const words = process.argv.slice(2)
  const command = ['test', '-c', 'tests/e2e/playwright.config.ts', '--reporter=list,json', ...words]
  const ok = await runShown('node_modules/.bin/playwright', command, {
    ...display.env,
    PLAYWRIGHT_JSON_OUTPUT_NAME: resolve('.cache/results/e2e.json'),
  })
  process.exitCode = ok ? 0 : 1
} finally {
  display.close()
}
