// Runs the fuzzer of the bridge (tests/e2e/fuzz.spec.ts) for longer than CI does: `./dev fuzz [SECONDS] [SEED]`.
import { spawnSync } from 'node:child_process'
import { runWithOutput } from './steps.ts'

const [seconds = '600', seed = String(Date.now())] = process.argv.slice(2)
if (![seconds, seed].every((word) => /^\d{1,15}$/.test(word))) {
  console.error('usage: ./dev fuzz [SECONDS] [SEED]')
  process.exit(2)
}
if (spawnSync(process.execPath, ['tools/build.ts'], { stdio: 'inherit' }).status !== 0) process.exit(1)
console.log(`Seed ${seed}, for ${seconds} s`)
const environment = { SLIPWAY_FUZZ_SECONDS: seconds, SLIPWAY_FUZZ_SEED: seed }
const passed = await runWithOutput(process.execPath, ['tools/end-to-end.ts', 'fuzz.spec'], environment)
process.exitCode = passed ? 0 : 1
