// Tells what keeps this process from an engine: run by a test as another user.
import { discoverEngine } from '../../../main/engine/index.ts'

const found = await discoverEngine({ env: { DOCKER_HOST: `unix://${process.argv[2]}` }, home: '/nonexistent' })
console.log(found.ok ? 'connected' : found.error.failure.code)
process.exit()
