// Tries to connect to the engine at a socket. Prints `connected`, or the code of the failure.
// tests/engine/sync/live-state.test.ts runs this program as another user.
import { discoverEngine } from '../../../main/engine/index.ts'

const result = await discoverEngine({ env: { DOCKER_HOST: `unix://${process.argv[2]}` }, home: '/nonexistent' })
console.log(result.ok ? 'connected' : result.error.failure.code)
process.exit()
