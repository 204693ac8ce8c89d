// The quick check for each commit: static checks and unit tests.
import { checks } from './checks.ts'
import { runSteps } from './steps.ts'

const unitTests = { name: 'unit tests', command: ['node_modules/.bin/vitest', 'run', '--project', 'unit'] } as const
const outcomes = await runSteps([unitTests, ...checks])
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
