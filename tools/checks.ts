/** The static checks: types, lint, format, import rules, messages. */
import type { Step } from './steps.ts'

const bin = 'node_modules/.bin'

export const checks: readonly Step[] = [
  { name: 'types of main, preload, tools, tests', command: [`${bin}/tsc`, '-p', 'main'] },
  {
    name: 'types of the renderer',
    command: [`${bin}/svelte-check`, '--tsconfig', 'renderer/tsconfig.json', '--fail-on-warnings'],
  },
  { name: 'types of the model, without Node and DOM', command: [`${bin}/tsc`, '-p', 'model'] },
  { name: 'import rules', command: [`${bin}/depcruise`, 'main', 'preload', 'model', 'renderer', 'resources/messages'] },
  { name: 'format', command: [`${bin}/prettier`, '--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: [`${bin}/oxlint`, '--deny-warnings'] },
  { name: 'messages', command: [process.execPath, 'tools/messages.ts'] },
]
