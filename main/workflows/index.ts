/** Operations that combine two services. */
export { explainPullFailure } from './explain-pull-failure.ts'
export { pullAgain } from './pull-again.ts'
export { runInTerminal } from './run-in-terminal.ts'
export { terminalEngine } from './terminal-engine.ts'
export { testPull } from './test-pull.ts'
