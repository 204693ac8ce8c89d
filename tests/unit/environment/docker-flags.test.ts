import { expect, test } from 'vitest'
import { dockerFlags, findCandidates } from '../../../main/engine/connect/candidates.ts'
import { shellHome } from './shell-home.ts'

test('in a terminal with another DOCKER_HOST, a copied command names the shown engine by its address', () => {
  const home = shellHome({})
  const found = findCandidates({ env: {}, home }, 'default')
  const flags = (env: Record<string, string>) => found.ok && dockerFlags(found.value[0]!, { env, home })
  expect(flags({})).toEqual([])
  // `--context default` would be the engine of DOCKER_HOST.
  expect(flags({ DOCKER_HOST: 'tcp://build:2375' })).toEqual(['-H', 'unix:///var/run/docker.sock'])
  expect(flags({ DOCKER_HOST: 'unix:///var/run/docker.sock' })).toEqual([])
})
