/** The collected texts, given to the real `docker`: it must do what the corpus says. No engine is needed. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseEndpoint } from '../../../model/engine/endpoint.ts'
import { programs } from '../../../tools/world/paths.ts'
import { readCorpus } from '../../corpus/corpus.ts'
import { homeWith } from '../home.ts'

/** Runs `docker context …` of 26.1 in a home directory. */
function dockerContext(home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const docker = join(programs('26.1'), 'docker')
  const options = { encoding: 'utf8', env: { HOME: home, PATH: '/usr/bin:/bin', ...env } } as const
  const { status, stdout, stderr } = spawnSync(docker, ['context', ...args], options)
  return { isRefused: status !== 0, stdout: stdout.replace(/\n$/, ''), stderr }
}

/** The line about a file of root has its own test, as another user (others.test.ts). */
const configLines = readCorpus<'content' | 'docker does' | 'slipway'>('docker-config').filter(({ slipway }) =>
  /^context:(?!.* permission$)/.test(slipway),
)

test.each(configLines)('docker reads the config.json “$content”: $slipway', ({ content, slipway, ...line }) => {
  const { home } = homeWith({ work: { host: 'unix:///work.sock' } })
  writeFileSync(join(home, '.docker/config.json'), content)
  const { stdout, stderr } = dockerContext(home, ['show'])
  expect(stdout).toBe(/^context:(\S+)/.exec(slipway)?.[1])
  expect(stderr.startsWith('WARNING: ')).toBe(line['docker does'].startsWith('warns'))
})

const hostLines = readCorpus<'value' | 'docker does' | 'slipway'>('docker-host')

test.each(hostLines)('docker takes or refuses the DOCKER_HOST “$value”: $slipway', ({ value, slipway, ...line }) => {
  const args = ['inspect', '--format', '{{.Endpoints.docker.Host}}']
  const { isRefused, stdout } = dockerContext('/nonexistent', args, { DOCKER_HOST: value })
  // `docker context` does not connect, and so does not yet see what is wrong with an ssh address.
  expect(isRefused).toBe(/^(?:an error$|refused)/.test(line['docker does']))
  if (isRefused || slipway.startsWith('fault:') || line['docker does'].endsWith('(docker 29)')) return
  const readValue = parseEndpoint(value)
  const readOutput = parseEndpoint(stdout)
  if (!readValue.ok || !readOutput.ok) throw new Error(stdout)
  expect({ ...readOutput.value, address: '' }).toEqual({ ...readValue.value, address: '' })
})
