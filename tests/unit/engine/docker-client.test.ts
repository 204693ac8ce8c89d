import { Agent } from 'node:http'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { createDockerClient } from '../../../main/engine/connect/docker-client.ts'

test('docker-modem formats each request for its log, so an agent is formatted as one word', () => {
  const agent = new Agent({ keepAlive: true })
  const longLivedAgent = new Agent({ keepAlive: true })
  createDockerClient({ socketPath: '/run/docker.sock', agent, longLivedAgent })
  for (const item of [agent, longLivedAgent]) expect(inspect(item, { showHidden: true, depth: null })).toBe('agent')
})
