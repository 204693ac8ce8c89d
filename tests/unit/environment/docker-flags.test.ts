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

test('while it is not known what a terminal uses, a copied command always names the engine', () => {
  const home = shellHome({})
  const at = (host: string, name = 'default') => {
    const found = findCandidates({ env: { DOCKER_HOST: host }, home }, 'default')
    return found.ok && dockerFlags({ ...found.value[0]!, name }, undefined)
  }
  expect(at('')).toEqual(['-H', 'unix:///var/run/docker.sock'])
  expect(at('tcp://build')).toEqual(['-H', 'tcp://build'])
  // In the terminal, the context may be another one of the same name.
  expect(at('ssh://me@build', 'work')).toEqual(['-H', 'ssh://me@build'])
  // Docker refuses this address after -H.
  expect(at('https://build', 'work')).toEqual(['--context', 'work'])
  const certificates = { ca: 'PEM', verify: true }
  const found = findCandidates({ env: { DOCKER_HOST: 'tcp://build' }, home }, 'default')
  expect(found.ok && dockerFlags({ ...found.value[0]!, name: 'safe', certificates }, undefined)).toEqual([
    ...['--context', 'safe'],
  ])
})
