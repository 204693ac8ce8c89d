import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type Docker from 'dockerode'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pullableImages } from '../../../tools/world/demo/pullable.ts'
import { startEngine, type Engine, type EngineOptions } from '../../../tools/world/engine.ts'
import { fillRegistry, type Digests } from '../../../tools/world/fill.ts'
import { startHub, type Hub } from '../../../tools/world/hub.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { startOnline } from '../../../tools/world/world.ts'
import { matrix } from '../matrix.ts'

const runFile = promisify(execFile)
const hubApi = 'https://hub.docker.com/v2'
let world: { registry: Registry; hub: Hub; digests: Digests }

beforeAll(async () => {
  const registry = await startRegistry({ name: 'registry' })
  const digests = await fillRegistry(registry, pullableImages())
  world = { registry, digests, hub: await startHub({ registry }) }
})
afterAll(async () => {
  await world.hub.stop()
  await world.registry.stop()
})
beforeEach(() => {
  world.hub.setBehaviour('all', 'normal')
  world.hub.requests.clear()
  world.registry.setNetworkConditions()
})

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
})
/** Starts an engine that is stopped after the test. @returns its Docker client */
async function start(engineOptions: EngineOptions) {
  const engine = await startEngine(engineOptions)
  engines.push(engine)
  return engine.docker
}

describe.each(matrix)('$title', (engineOptions) => {
  test('an engine pulls through its mirror and sends no request to the stub of Docker Hub', async () => {
    const docker = await start({ ...engineOptions, ...mirrorOptions() })
    await pull(docker, 'nginx:1.27')
    const { RepoDigests } = await docker.getImage('nginx:1.27').inspect()
    expect(RepoDigests).toContain(`nginx@${world.digests.get('nginx:1.27')}`)
    expect(world.registry.log()).toContain('/v2/library/nginx/manifests/1.27')
    expect(world.hub.requests.of('registry-1.docker.io')).toEqual([])
  })

  test('an engine pulls its platform from the stub of Docker Hub, with a token', async () => {
    const docker = await start({ ...engineOptions, env: world.hub.engineEnv })
    await pull(docker, 'hello-world:latest')
    const { RepoDigests, Architecture } = await docker.getImage('hello-world:latest').inspect()
    expect(RepoDigests).toContain(`hello-world@${world.digests.get('hello-world:latest')}`)
    expect(Architecture).toBe('amd64')
    expect(world.hub.requests.of('auth.docker.io', '/token').length).toBeGreaterThan(0)
    await expect(pull(docker, 'hello-world:never')).rejects.toThrow(/not found|manifest unknown/)
    await expect(pull(docker, 'nobody/nothing:1')).rejects.toThrow(/denied|authorization/)
  })

  test('an engine searches the stub of Docker Hub, and another host that the search term names', async () => {
    const docker = await start({ ...engineOptions, env: world.hub.engineEnv })
    const results = (await docker.searchImages({ term: 'nginx', limit: 5 })) as { name: string; is_official: boolean }[]
    expect(results).toHaveLength(5)
    expect(results[0]).toMatchObject({ name: 'nginx', is_official: true })
    await docker.searchImages({ term: 'docker.1ms.run/redis' })
    expect(world.hub.requests.of('docker.1ms.run', '/v1/search')).toHaveLength(1)
  })
})

const defaultEngine = { version: '26.1', store: 'classic' } as const
/** Engine options that make the registry a mirror of Docker Hub. */
const mirrorOptions = () => ({
  config: { 'registry-mirrors': [`http://${world.registry.host}`] },
  env: world.hub.engineEnv,
})

test('a pull waits for a registry that stalls, and fails if the registry resets the connection', async () => {
  // By default, the engine retries five times, which takes a minute.
  const docker = await start({ ...defaultEngine, config: { ...mirrorOptions().config, 'max-download-attempts': 1 } })
  world.registry.setNetworkConditions({ stallsAfterBytes: 300_000 })
  let hasEnded = false
  const stalledPull = pull(docker, 'redis:7').then(() => (hasEnded = true))
  await expect.poll(() => world.registry.bytesSent, { timeout: 10_000 }).toBeGreaterThanOrEqual(300_000)
  expect(hasEnded).toBe(false)
  world.registry.setNetworkConditions()
  await stalledPull
  world.registry.setNetworkConditions({ resetsAfterBytes: 12_000_000 })
  // The engine's error names only the last host that it tried: Docker Hub, which it tried after the mirror.
  await expect(pull(docker, 'python:3.13')).rejects.toThrow(/registry-1\.docker\.io/)
  world.registry.setNetworkConditions()
  await pull(docker, 'python:3.13')
})

test('with `createsMissingImages`, an image that is listed but not in the registry is created on demand', async () => {
  const online = await startOnline({ createsMissingImages: true })
  try {
    const docker = await start({ ...defaultEngine, ...online.engine })
    await pull(docker, 'postgres:latest')
    const { RepoDigests } = await docker.getImage('postgres:latest').inspect()
    const { json } = await get(`${hubApi}/namespaces/library/repositories/postgres/tags/latest`, online.hub)
    expect(RepoDigests).toEqual([`postgres@${(json as TagRow).digest}`])
    await expect(pull(docker, 'postgres:never')).rejects.toThrow(/not found|manifest unknown/)
  } finally {
    await online.stop()
  }
})

test('a stub of Docker Hub and a registry leave nothing behind when stopped, and a registry ends when its parent process is killed', async () => {
  const registry = await startRegistry({ name: 'registry-gone' })
  const hub = await startHub({ registry })
  await hub.stop()
  await registry.stop()
  expect(existsSync(hub.caFile)).toBe(false)
  expect(isRegistryRunning('registry-gone')).toBe(false)
  await expect(fetch(`http://${registry.host}/v2/`)).rejects.toThrow(/fetch failed/)

  const script = `import { startRegistry } from './tools/world/registry.ts'
    await startRegistry({ name: 'registry-left' })
    process.kill(process.pid, 'SIGKILL')`
  await runFile(process.execPath, ['--input-type=module', '-e', script]).catch(String)
  expect(existsSync(`${process.env['SLIPWAY_WORLD']}/registry-left`)).toBe(true)
  await expect.poll(() => isRegistryRunning('registry-left')).toBe(false)
})

describe('Docker Hub stub over HTTP', () => {
  test('search lists official images first, and includes an image with HTML in its description', async () => {
    const { json } = await get(`${hubApi}/search/repositories/?query=nginx&page_size=50`)
    const { results } = json as { results: { repo_name: string; short_description: string }[] }
    expect(results[0]).toMatchObject({ repo_name: 'nginx', is_official: true, star_count: 20102 })
    expect(results.find(({ repo_name }) => repo_name === 'awkward/nginx')?.short_description).toContain('<script>')
  })

  test('a tag that the registry has is listed with its digest, platforms and size', async () => {
    const { json } = await get(`${hubApi}/namespaces/library/repositories/nginx/tags?page_size=100`)
    const { results, count, next } = json as { results: TagRow[]; count: number; next: string | null }
    expect(results).toHaveLength(100)
    expect(count).toBeGreaterThan(100)
    expect(next).toContain('page=2')
    const latest = results.find(({ name }) => name === 'latest')
    expect(latest?.digest).toBe(world.digests.get('nginx:latest'))
    expect(latest?.images.map(({ architecture }) => architecture)).toEqual(['amd64', 'arm64'])
    expect(latest?.images[0]?.size).toBeGreaterThan(1_600_000)
  })

  test('the stub can simulate rate limits, errors, HTML, and truncated, missing or slow responses', async () => {
    const tagsUrl = `${hubApi}/namespaces/library/repositories/redis/tags`
    const behave = world.hub.setBehaviour.bind(null, 'hub.docker.com')
    behave('limited')
    const requestedAt = Date.now()
    const limited = await get(tagsUrl)
    expect(limited.status).toBe(429)
    expect(Number(limited.headers['x-retry-after']) * 1000).toBeGreaterThan(requestedAt)
    behave({ status: 503 })
    expect((await get(tagsUrl)).status).toBe(503)
    behave('html')
    expect((await get(tagsUrl)).text).toMatch(/^<!doctype html/)
    behave('truncated')
    const truncated = await get(tagsUrl)
    expect(truncated.status).toBe(200)
    expect(truncated.json).toBeUndefined()
    behave('hung')
    await expect(get(tagsUrl)).rejects.toThrow(/Timeout/)
    behave('down')
    await expect(get(tagsUrl)).rejects.toThrow(/fetch failed/)
    behave('slow')
    const slow = await Promise.all([get(tagsUrl, world.hub, 5_000), get(tagsUrl, world.hub, 5_000)])
    expect(slow.map(({ status }) => status)).toEqual([200, 200])
    expect(world.hub.requests.maxConcurrent('hub.docker.com')).toBe(2)
  })

  test('the proxy refuses requests to hosts outside the world', async () => {
    await expect(get('https://example.com/')).rejects.toThrow(/fetch failed/)
    expect(world.hub.requests.refused).toEqual(['example.com:443'])
  })
})

interface TagRow {
  readonly name: string
  readonly digest: string
  readonly images: readonly { readonly architecture: string; readonly size: number }[]
}

interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json?: unknown
}

/**
 * Requests the URL from a new process, because Node reads the variables for the proxy and the certificate at its start.
 */
async function get(url: string, { env: hubEnv, caFile } = world.hub, timeoutMs = 1_000): Promise<HttpResponse> {
  const script = `const response = await fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(${timeoutMs}) })
    const { status, headers } = response
    console.log(JSON.stringify({ status, headers: Object.fromEntries(headers), text: await response.text() }))`
  const env = { ...process.env, ...hubEnv, NODE_EXTRA_CA_CERTS: caFile, NODE_USE_ENV_PROXY: '1' }
  const { stdout } = await runFile(process.execPath, ['--input-type=module', '-e', script], {
    env,
    maxBuffer: 1 << 24,
  })
  const response = JSON.parse(stdout) as HttpResponse
  try {
    return { ...response, json: JSON.parse(response.text) as unknown }
  } catch {
    return response
  }
}

async function pull(docker: Docker, name: string): Promise<void> {
  const stream = await docker.pull(name)
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, lines: readonly { readonly error?: string }[]) => {
      const reportedError = lines.find((line) => line.error)?.error
      if (error ?? reportedError) reject(error ?? new Error(reportedError))
      else resolve()
    })
  })
}

const isRegistryRunning = (name: string) =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`))
    .some((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`/${name}/config.yml`))
