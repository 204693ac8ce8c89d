// The fast loop for each commit: what must hold of the source, and the unit tests.
import { checks } from './checks.ts'
import { runSteps } from './steps.ts'

const units = { name: 'unit tests', command: ['node_modules/.bin/vitest', 'run', '--project', 'unit'] } as const
const outcomes = await runSteps([units, ...checks])
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
