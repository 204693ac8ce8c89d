/**
 * A stub of Docker Hub for tests and the demo, behind an HTTP proxy. The environment variables in `env` and `engineEnv`
 * make a client use the proxy. It connects Docker Hub's host names to this stub, over TLS, and `*.test` to the world's
 * mirrors (a client inside the world connects to these directly). It refuses all other targets. Pulled content comes
 * from a real registry.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createListener, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { hubResponder, hubHosts, type StubResponse, type HubHost } from './hub/responses.ts'
import { makeAuthority, trustInWorld, type Authority } from './hub/authority.ts'
import { misbehaviourResponse, slowDelayMs, type HubBehaviour } from './hub/behaviour.ts'
import { missingImageCreator, type EnsureTag } from './hub/missing-images.ts'
import { RequestLog, type RecordedRequests } from './hub/requests.ts'
import { badGateway, connectionEstablished, isMirrorTarget, tunnelToMirror } from './hub/tunnel.ts'
import { worldFolder } from './paths.ts'
import type { Registry } from './registry.ts'

export type { HubBehaviour } from './hub/behaviour.ts'
export type { HubHost } from './hub/responses.ts'

export interface Hub {
  /** The proxy's port on loopback. */
  readonly port: number
  /** A Unix socket of the same proxy, for clients outside the world's network namespace. */
  readonly socket: string
  /** The CA certificate that clients must trust. The world's programs do. */
  readonly caFile: string
  /** Issues certificates that the hub's clients trust. */
  readonly authority: Authority
  /** Environment variables for the app. */
  readonly env: Readonly<Record<string, string>>
  /** Environment variables for an engine (`EngineOptions.env`). */
  readonly engineEnv: Readonly<Record<string, string>>
  readonly requests: RecordedRequests
  /** Undefined unless the hub `createsMissingImages`. Mirrors call it too, so that they have the same images. */
  readonly ensureTag: EnsureTag | undefined
  /** Changes how one host or all hosts behave from now on. */
  setBehaviour(host: HubHost | 'all', behaviour: HubBehaviour): void
  stop(): Promise<void>
}

let hubCount = 0

export interface HubOptions {
  readonly registry: Registry
  /**
   * Creates the image of a listed tag when the tag is requested and the registry lacks it. By default, such a tag is
   * unknown.
   */
  readonly createsMissingImages?: boolean
}

export async function startHub({ registry, createsMissingImages = false }: HubOptions): Promise<Hub> {
  const root = join(worldFolder(), `hub-${++hubCount}`)
  mkdirSync(root, { mode: 0o711 })
  const authority = makeAuthority(root)
  const { caFile } = authority
  const distrust = trustInWorld(caFile)
  const ensureTag = createsMissingImages ? missingImageCreator(registry) : undefined
  const respond = hubResponder(registry, ensureTag)
  const behaviours = new Map<HubHost, HubBehaviour>()
  const requests = new RequestLog()
  const connections = new Map<Duplex, HubHost | undefined>()
  const trackConnection = (socket: Duplex, host?: HubHost) => {
    connections.set(socket, host)
    socket.on('error', () => socket.destroy()).once('close', () => connections.delete(socket))
  }

  const tlsServer = createTlsServer({ ...authority.issue(hubHosts) }, (request, response) => {
    void handle(request, response).catch(() => response.destroy())
  })
  tlsServer.on('tlsClientError', (_, socket) => socket.destroy())

  const proxy = createServer((request, response) => {
    requests.recordRefused(request.url ?? '')
    response.writeHead(502).end()
  })
  proxy.on('connection', (socket: Socket) => trackConnection(socket))
  proxy.on('connect', ({ url: target = '' }: IncomingMessage, socket: Duplex, head: Buffer) => {
    const host = hubHosts.find((name) => target === `${name}:443`)
    trackConnection(socket, host)
    if (isMirrorTarget(target)) return tunnelToMirror(target, socket, head)
    if (!host) {
      requests.recordRefused(target)
      return void socket.end(badGateway)
    }
    socket.write(connectionEstablished)
    if (behaviours.get(host) === 'down') return void socket.destroy()
    if (head.length > 0) socket.unshift(head)
    tlsServer.emit('connection', socket)
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = hubHosts.find((name) => name === request.headers.host?.split(':')[0])
    if (!host) return void response.writeHead(421).end()
    const url = new URL(request.url ?? '/', `https://${host}`)
    const recordEnd = requests.record(host, request.method ?? 'GET', url.pathname + url.search)
    response.once('close', () => recordEnd(response.headersSent ? response.statusCode : undefined))

    const behaviour = behaviours.get(host) ?? 'normal'
    if (behaviour === 'hung') return
    if (behaviour === 'slow') await sleep(slowDelayMs)
    const { authorization } = request.headers
    // Docker Hub also accepts a login as a POSTed form. The stub does not, so clients use GET with a header instead.
    if (host === 'auth.docker.io' && request.method === 'POST') return void response.writeHead(405).end()
    const misbehaviour = misbehaviourResponse(behaviour, { host, path: url.pathname, authorization })
    const stubResponse = misbehaviour ?? (await respond(host, url, authorization))
    if (stubResponse === 'forward') forwardToRegistry(request, response)
    else send(stubResponse, behaviour === 'truncated', response)
  }

  function send({ status, headers, body }: StubResponse, isTruncated: boolean, response: ServerResponse): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(isTruncated ? text.slice(0, text.length / 2) : text)
  }

  function forwardToRegistry(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = request
    const { authorization: _, ...rest } = headers
    const options = { host: '127.0.0.1', port: registry.port, method, path, headers: rest }
    const upstreamRequest = httpRequest(options, (upstream) => {
      const rateLimitHeaders = path?.includes('/manifests/') ? { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' } : {} // prettier-ignore
      response.writeHead(upstream.statusCode ?? 502, { ...upstream.headers, ...rateLimitHeaders })
      upstream.pipe(response)
      upstream.once('error', () => response.destroy())
    })
    upstreamRequest.once('error', () => response.destroy())
    response.once('close', () => upstreamRequest.destroy())
    request.pipe(upstreamRequest)
  }

  const socket = join(root, 'proxy.sock')
  const socketServer = createListener((client) => proxy.emit('connection', client))
  await Promise.all([listen(proxy, 0), listen(socketServer, socket)])
  const { port } = proxy.address() as AddressInfo
  const env = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1,localhost,.test' }

  return {
    port,
    socket,
    caFile,
    authority,
    env,
    engineEnv: { ...env, SSL_CERT_FILE: caFile },
    requests,
    ensureTag,
    setBehaviour(host, behaviour) {
      for (const changedHost of host === 'all' ? hubHosts : [host]) {
        behaviours.set(changedHost, behaviour)
        if (behaviour !== 'down') continue
        for (const [connection, connectedHost] of connections) if (connectedHost === changedHost) connection.destroy()
      }
    },
    async stop() {
      const closed = [proxy, socketServer].map((server) => once(server, 'close'))
      proxy.close()
      socketServer.close()
      for (const connection of connections.keys()) connection.destroy()
      await Promise.all(closed)
      distrust()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Listens on a loopback port or a Unix socket. */
async function listen(server: Server, portOrPath: number | string): Promise<void> {
  if (typeof portOrPath === 'number') server.listen(portOrPath, '127.0.0.1')
  else server.listen(portOrPath)
  await once(server, 'listening')
}
