/** A fake session. Its requests are sent by the given Docker client, and its identity and capabilities are made up. */
import type Docker from 'dockerode'
import type { EngineSession } from '../../main/engine/index.ts'

export const createFakeSession = (docker: Docker, endpoint = 'unix:///x', api = '1.45'): EngineSession => ({
  identity: { endpoint, id: 'test', rootDir: '/x' },
  context: { name: 'default', endpoint, local: true, kind: { type: 'unknown' } },
  capabilities: {
    ...{ product: 'Docker', version: '26.1', api, platform: 'linux/amd64', rootDir: '/x', store: 'classic' },
    ...{ filtersDiskUsage: true, reportsAllChanges: false, mountsImages: false },
  },
  signal: new AbortController().signal,
  docker,
})
