/** Scenes of finding an engine: Docker's settings, and other engines that answer. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Scene } from './scene.ts'

/** Creates a folder for DOCKER_CONFIG with contexts, whose hosts are given by name. */
function dockerConfig(config: string, contexts: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'scene-'))
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  write('config.json', config)
  for (const [Name, Host] of Object.entries(contexts)) {
    const id = createHash('sha256').update(Name).digest('hex')
    write(`contexts/meta/${id}/meta.json`, JSON.stringify({ Name, Endpoints: { docker: { Host } } }))
  }
  return folder
}

/** Opens a second socket to an engine, so that there seem to be two engines. The process of the pictures ends it. */
async function secondSocket(path: string, socket: string) {
  const server = createServer((client) => {
    const engine = connect(socket)
    client.pipe(engine).pipe(client)
    for (const end of [client, engine]) end.on('error', () => {})
  })
  await new Promise<void>((resolve) => void server.listen(path, resolve))
  server.unref()
}

export const connectScenes: readonly Scene[] = [
  {
    name: 'no-engine-context-gone',
    prepare: async (demoSocket) => ({
      DOCKER_CONFIG: dockerConfig('{"currentContext":"desktop-linux"}', {
        build: 'tcp://127.0.0.1:1',
        work: `unix://${demoSocket}`,
      }),
    }),
    async show(page) {
      await page.locator('main section').nth(1).waitFor()
    },
  },
  {
    name: 'no-engine-address',
    prepare: async () => ({ DOCKER_HOST: 'fd://' }),
    async show() {},
  },
  {
    name: 'engine-others',
    async prepare(demoSocket) {
      const runtime = mkdtempSync(join(tmpdir(), 'scene-'))
      mkdirSync(join(runtime, 'podman'))
      symlinkSync(demoSocket, join(runtime, 'docker.sock'))
      await secondSocket(join(runtime, 'podman/podman.sock'), demoSocket)
      return { XDG_RUNTIME_DIR: runtime, DOCKER_CONFIG: dockerConfig('{"auths": {"registry.example": ') }
    },
    async show(page) {
      await page.locator('.engine > [role=group] button').first().waitFor()
    },
  },
  {
    name: 'config-problem',
    prepare: async (demoSocket) => ({
      DOCKER_HOST: `unix://${demoSocket}`,
      DOCKER_CONFIG: dockerConfig('{"auths": {"registry.example": '),
    }),
    async show(page) {
      await page.locator('.engine > button').nth(1).click()
      await page.getByRole('dialog').locator('li').first().waitFor()
    },
  },
]
