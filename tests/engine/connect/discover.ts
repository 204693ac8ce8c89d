// Prints whether this process can connect to the engine at a socket, or the code of the failure.
// tests/engine/sync/live-state.test.ts runs this program as another user.
import { discoverEngine } from '../../../main/engine/index.ts'

const found = await discoverEngine({ env: { DOCKER_HOST: `unix://${process.argv[2]}` }, home: '/nonexistent' })
console.log(found.ok ? 'connected' : found.error.failure.code)
process.exit()
