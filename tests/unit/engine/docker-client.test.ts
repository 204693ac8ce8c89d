import { Agent } from 'node:http'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { createDockerClient } from '../../../main/engine/connect/docker-client.ts'

test('docker-modem, which formats each request for its log, spends nothing on the connections of an agent', () => {
  const agent = new Agent({ keepAlive: true })
  const longLivedAgent = new Agent({ keepAlive: true })
  createDockerClient({ socketPath: '/run/docker.sock', agent, longLivedAgent })
  for (const each of [agent, longLivedAgent]) expect(inspect(each, { showHidden: true, depth: null })).toBe('agent')
})
