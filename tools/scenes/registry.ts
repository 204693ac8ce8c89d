/** Scenes of registries that need a decision or a repair: logins, the program that keeps them, Docker's proxy. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Failure, Job } from '../../preload/contract/index.ts'
import { registryFailureExamples } from './registry-failure-examples.ts'
import type { Scene } from './scene.ts'

/** Starts a registry on this computer that asks for a login in this way. The process of the pictures ends it. */
async function startRegistry(challenge: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(401, { 'www-authenticate': challenge }).end())
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the registry has no port')
  return `127.0.0.1:${address.port}`
}

const newFolder = () => mkdtempSync(join(tmpdir(), 'scene-'))

/** @returns a folder for DOCKER_CONFIG with a login for the registry, which a program may keep */
function dockerConfig(host: string, credsStore?: string): string {
  const folder = newFolder()
  const login = credsStore === undefined ? { auth: btoa('ann:open sesame') } : {}
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: login }, credsStore }))
  return folder
}

/** @returns a folder for XDG_CONFIG_HOME, in which the journal has pulls that failed in these ways, newest first */
function configWithFailedPulls(...failures: readonly Failure[]): string {
  const folder = newFolder()
  const journal = join(folder, 'Slipway/journal')
  mkdirSync(journal, { recursive: true })
  const now = Math.floor(Date.now() / 1000)
  for (const [index, failure] of failures.entries()) {
    const name = 'nginx:1.27'
    const job: Job = {
      id: `failed-${index}`,
      subject: { kind: 'pull', reference: name, layers: [] },
      state: 'failed',
      items: [{ name, state: 'failed', failure }],
      started: now - 60 * index - 30,
      ended: now - 60 * index,
    }
    const lines = [
      { kind: 'begin', version: 2, job },
      { kind: 'job', job },
    ]
    writeFileSync(join(journal, `${job.id}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
  return folder
}

/** A scene of the tags of an image in a registry that asks for a login in this way. */
function tagsScene(name: string, challenge: string, credsStore?: string): Scene {
  let host = ''
  return {
    name,
    async prepare(demoSocket) {
      host = await startRegistry(challenge)
      return { DOCKER_HOST: `unix://${demoSocket}`, DOCKER_CONFIG: dockerConfig(host, credsStore) }
    },
    async show(page) {
      await page.keyboard.press('Control+k')
      await page.getByRole('searchbox').first().fill(`${host}/team/app`)
      await page.getByRole('alert').waitFor()
    },
  }
}

export const registryScenes: readonly Scene[] = [
  tagsScene('discover-realm', 'Bearer realm="https://auth.docker.io/token",service="registry"'),
  tagsScene('discover-login-helper', 'Basic realm="registry"', 'desktop'),
  {
    name: 'pull-docker-proxy',
    prepare: async (demoSocket) => ({
      DOCKER_HOST: `unix://${demoSocket}`,
      XDG_CONFIG_HOME: configWithFailedPulls(...registryFailureExamples['docker-proxy-missing']),
    }),
    async show(page) {
      await page.getByRole('navigation').getByRole('link').last().click()
      await page.getByRole('alert').first().waitFor()
    },
  },
]
