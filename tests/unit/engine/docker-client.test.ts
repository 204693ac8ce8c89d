import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { createDockerClient } from '../../../main/engine/connect/docker-client.ts'
import { routeTo } from '../../../main/engine/connect/routes.ts'
import { parseEndpoint } from '../../../model/engine/endpoint.ts'

test('docker-modem formats each request for its log, so an agent is formatted as one word', () => {
  const agent = new Agent({ keepAlive: true })
  const longLivedAgent = new Agent({ keepAlive: true })
  createDockerClient({ socketPath: '/run/docker.sock', agent, longLivedAgent })
  for (const item of [agent, longLivedAgent]) expect(inspect(item, { showHidden: true, depth: null })).toBe('agent')
})

let server: Server | undefined
afterEach(() => {
  vi.unstubAllEnvs()
  server?.close()
})

/** Starts a server that records the paths and hosts of requests. */
async function startServer(host: string) {
  const requests: string[] = []
  server = createServer((request, response) => {
    requests.push(`${request.headers.host} ${request.url}`)
    response.end('OK')
  })
  await new Promise<void>((resolve) => void server!.listen(0, host, resolve))
  return { requests, port: (server.address() as AddressInfo).port }
}

async function pingAt(address: string, api?: string) {
  const parsed = parseEndpoint(address)
  if (!parsed.ok) throw new Error(parsed.fault)
  const route = routeTo(
    { name: 'test', endpoint: address, local: false, kind: { type: 'unknown' }, at: parsed.value },
    {},
    () => {},
  )
  try {
    return await createDockerClient(route, api).ping()
  } finally {
    route.agent.destroy()
  }
}

test('a path in the address precedes the path of each request, before the version', async () => {
  const { port, requests } = await startServer('127.0.0.1')
  await pingAt(`tcp://127.0.0.1:${port}/docker/`)
  await pingAt(`tcp://127.0.0.1:${port}//a/b`, '1.41')
  await pingAt(`http://localhost:${port}`, '1.41')
  const host = `127.0.0.1:${port}`
  expect(requests).toEqual([`${host} /docker/_ping`, `${host} /a/b/v1.41/_ping`, `localhost:${port} /v1.41/_ping`])
})

test('an IPv6 address is reached, with brackets or without, and with a zone', async () => {
  const { port, requests } = await startServer('::1')
  await pingAt(`tcp://[::1]:${port}`)
  await pingAt(`tcp://[0:0::1]:${port}`)
  await pingAt(`tcp://[::1%25lo]:${port}`)
  expect(requests).toEqual([`[::1]:${port} /_ping`, `[0:0::1]:${port} /_ping`, `[::1]:${port} /_ping`])
})

test('the DOCKER_HOST of this process is not mixed into a route, and a malformed one does not matter', async () => {
  const { port, requests } = await startServer('127.0.0.1')
  for (const host of [`tcp://127.0.0.1:${port}`, 'nonsense:x', 'fd://']) {
    vi.stubEnv('DOCKER_HOST', host)
    await expect(pingAt('unix:///nonexistent/docker.sock')).rejects.toThrow('ENOENT')
    await pingAt(`tcp://127.0.0.1:${port}`)
    expect(process.env['DOCKER_HOST']).toBe(host)
  }
  expect(requests).toHaveLength(3)
})
