// Tries to connect to the engine at a socket. Prints `connected`, or the code of the failure, and the code of the problem
// in Docker's config.json, if any. Other tests run this program as another user: discover.ts SOCKET [HOME]
import { discoverEngine } from '../../../main/engine/index.ts'
import { configProblem } from '../../../main/engine/connect/candidates.ts'

const [, , socket, home = '/nonexistent'] = process.argv
const environment = { env: { DOCKER_HOST: `unix://${socket}` }, home }
const result = await discoverEngine(environment)
const problem = configProblem(environment)
console.log([result.ok ? 'connected' : result.error.failure.code, ...(problem ? [problem.code] : [])].join(' '))
process.exit()
