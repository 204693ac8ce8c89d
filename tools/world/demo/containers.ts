/** The demo's containers: some are running, some have exited, some were never started. */
import type Docker from 'dockerode'

interface DemoContainer {
  readonly name: string
  readonly image: string
  readonly state: 'created' | 'running' | 'exited'
  readonly env?: readonly string[]
  /** The container's port, published on the same port of the host if the engine has a network. */
  readonly port?: number
}

const containers: readonly DemoContainer[] = [
  { name: 'web', image: 'nginx:1.27', port: 80, state: 'running' },
  { name: 'web-canary', image: 'nginx:1.27', state: 'created' },
  { name: 'db', image: 'postgres:16-alpine', env: ['POSTGRES_PASSWORD=example'], port: 5432, state: 'running' },
  { name: 'cache', image: 'redis:7', state: 'running' },
  { name: 'shop-db', image: 'mysql:8.4', state: 'exited' },
  { name: 'index-nightly', image: 'python:3.12-slim', state: 'exited' },
  { name: 'index-weekly', image: 'python:3.12-slim', state: 'created' },
  { name: 'scratchpad', image: 'python:3.12-slim', state: 'created' },
  { name: 'frontend-build', image: 'node:22', state: 'created' },
  { name: 'legacy', image: 'centos:7', state: 'created' },
  { name: 'api', image: 'registry.local:5000/team/api:2025.11', state: 'created' },
]

export async function createContainers(docker: Docker, network: boolean): Promise<void> {
  await Promise.all(containers.map((container) => create(docker, container, network)))
}

async function create(docker: Docker, { name, image, state, env = [], port }: DemoContainer, network: boolean) {
  const portBindings = port ? { [`${port}/tcp`]: [{ HostPort: String(port) }] } : {}
  const container = await docker.createContainer({
    name,
    Image: image,
    Env: [...env],
    HostConfig: network ? { PortBindings: portBindings } : { NetworkMode: 'none' },
  })
  if (state === 'created') return
  // Start waiting before the container starts: it may exit at once.
  const exited = state === 'exited' ? container.wait({ condition: 'next-exit' }) : undefined
  await container.start()
  await exited
}
