import { Agent } from 'node:http'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { dockerBy } from '../../../main/engine/connect/dial.ts'

test('docker-modem, which formats each request for its log, spends nothing on the connections of an agent', () => {
  const agent = new Agent({ keepAlive: true })
  const lasting = new Agent({ keepAlive: true })
  dockerBy({ socketPath: '/run/docker.sock', agent, lasting })
  for (const each of [agent, lasting]) expect(inspect(each, { showHidden: true, depth: null })).toBe('agent')
})
