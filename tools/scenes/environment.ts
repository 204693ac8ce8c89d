/** Scenes of an engine that the user's login shell names. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Scene } from './scene.ts'

/** @returns the environment of an app whose home directory has these files */
async function withHome(files: Readonly<Record<string, string>>) {
  const home = mkdtempSync(join(tmpdir(), 'slipway-home-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  return { HOME: home, SHELL: '/bin/bash' }
}

const context = (name: string, host: string) => ({
  '.docker/config.json': JSON.stringify({ currentContext: name }),
  [`.docker/contexts/meta/${createHash('sha256').update(name).digest('hex')}/meta.json`]: JSON.stringify({
    Name: name,
    Endpoints: { docker: { Host: host } },
  }),
})

export const environmentScenes: readonly Scene[] = [
  {
    name: 'terminal-engine-offered',
    prepare: (socket) =>
      withHome({
        ...context('laptop', `unix://${socket}`),
        '.bashrc': 'export DOCKER_HOST=ssh://build@server.example\n',
      }),
    show: async (page) => page.getByText(/ssh:\/\/build@server\.example/).waitFor(),
  },
  {
    name: 'terminal-engine-used',
    prepare: (socket) => withHome({ '.bashrc': `export DOCKER_HOST=unix://${socket}\n` }),
    show: async (page) => page.getByText(/DOCKER_HOST/).waitFor(),
  },
]
