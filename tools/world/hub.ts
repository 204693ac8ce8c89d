/**
 * A stub of Docker Hub for tests and the demo, behind a proxy of its own: whoever has the hub's environment reaches
 * Docker Hub's names here, over TLS, and nothing else but the world's own mirrors (whose names end in .test, and need no
 * proxy). What can be pulled is what a real registry holds.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createListener, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { answersOver, hosts, type Answer, type HubHost } from './hub/answers.ts'
import { makeAuthority, type Authority } from './hub/authority.ts'
import { misbehaved, slowness, type Behaviour } from './hub/behaviour.ts'
import { onDemand, type Bring } from './hub/on-demand.ts'
import { RequestLog, type Requests } from './hub/requests.ts'
import { badGateway, established, isMirror, leadOn } from './hub/tunnel.ts'
import { worldFolder } from './paths.ts'
import type { Registry } from './registry.ts'

export type { Behaviour } from './hub/behaviour.ts'
export type { HubHost } from './hub/answers.ts'

export interface Hub {
  readonly port: number
  /** The proxy once more as a file, for those who do not share the world's network. */
  readonly socket: string
  /** The certificate to trust. */
  readonly caFile: string
  /** For others whom those with this certificate are to trust, too. */
  readonly authority: Authority
  /** For the app. */
  readonly env: Readonly<Record<string, string>>
  /** For an engine (`EngineOptions.env`). */
  readonly engineEnv: Readonly<Record<string, string>>
  readonly requests: Requests
  /** Makes the image of a listed tag, where that is the wish: mirrors have it as soon as Docker Hub does. */
  readonly bring: Bring | undefined
  /** From now on, for one host or for all. */
  behave(host: HubHost | 'all', behaviour: Behaviour): void
  stop(): Promise<void>
}

let started = 0

export interface HubWish {
  readonly registry: Registry
  /** Makes an image for each listed tag that the registry lacks, when it is asked for. Else such a tag is unknown. */
  readonly makesWhatIsMissing?: boolean
}

export async function startHub({ registry, makesWhatIsMissing = false }: HubWish): Promise<Hub> {
  const root = join(worldFolder(), `hub-${++started}`)
  mkdirSync(root, { mode: 0o711 })
  const authority = makeAuthority(root)
  const { caFile } = authority
  const bring = makesWhatIsMissing ? onDemand(registry) : undefined
  const answers = answersOver(registry, bring)
  const behaviours = new Map<HubHost, Behaviour>()
  const requests = new RequestLog()
  const open = new Map<Duplex, HubHost | undefined>()
  const hold = (socket: Duplex, host?: HubHost) => {
    open.set(socket, host)
    socket.on('error', () => socket.destroy()).once('close', () => open.delete(socket))
  }

  const site = createTlsServer({ ...authority.issue(hosts) }, (asked, reply) => {
    void serve(asked, reply).catch(() => reply.destroy())
  })
  site.on('tlsClientError', (_, socket) => socket.destroy())

  const proxy = createServer((asked, reply) => {
    requests.refuse(asked.url ?? '')
    reply.writeHead(502).end()
  })
  proxy.on('connection', (socket: Socket) => hold(socket))
  proxy.on('connect', ({ url = '' }: IncomingMessage, socket: Duplex, head: Buffer) => {
    const host = hosts.find((name) => url === `${name}:443`)
    hold(socket, host)
    if (isMirror(url)) return leadOn(url, socket, head)
    if (!host) {
      requests.refuse(url)
      return void socket.end(badGateway)
    }
    socket.write(established)
    if (behaviours.get(host) === 'down') return void socket.destroy()
    if (head.length > 0) socket.unshift(head)
    site.emit('connection', socket)
  })

  async function serve(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    const host = hosts.find((name) => name === asked.headers.host?.split(':')[0])
    if (!host) return void reply.writeHead(421).end()
    const url = new URL(asked.url ?? '/', `https://${host}`)
    const end = requests.begin(host, asked.method ?? 'GET', url.pathname + url.search)
    reply.once('close', () => end(reply.headersSent ? reply.statusCode : undefined))

    const behaviour = behaviours.get(host) ?? 'well'
    if (behaviour === 'hung') return
    if (behaviour === 'slow') await sleep(slowness)
    const { authorization } = asked.headers
    // Docker Hub takes a login in a form, too. Who is refused that sends it in a header.
    if (host === 'auth.docker.io' && asked.method === 'POST') return void reply.writeHead(405).end()
    const bad = misbehaved(behaviour, { host, path: url.pathname, authorization })
    const answer = bad ?? (await answers(host, url, authorization))
    if (answer === 'forward') forward(asked, reply)
    else send(answer, behaviour === 'truncated', reply)
  }

  function send({ status, headers, body }: Answer, truncated: boolean, reply: ServerResponse): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    reply.writeHead(status, { 'content-type': 'application/json', ...headers })
    reply.end(truncated ? text.slice(0, text.length / 2) : text)
  }

  function forward(asked: IncomingMessage, reply: ServerResponse): void {
    const { method, url: path, headers } = asked
    const { authorization: _, ...rest } = headers
    const onward = request({ host: '127.0.0.1', port: registry.port, method, path, headers: rest }, (answer) => {
      const limits = path?.includes('/manifests/') ? { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' } : {} // prettier-ignore
      reply.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...limits })
      answer.pipe(reply)
      answer.once('error', () => reply.destroy())
    })
    onward.once('error', () => reply.destroy())
    reply.once('close', () => onward.destroy())
    asked.pipe(onward)
  }

  const socket = join(root, 'proxy.sock')
  const file = createListener((client) => proxy.emit('connection', client))
  await Promise.all([listening(proxy, 0), listening(file, socket)])
  const { port } = proxy.address() as AddressInfo
  const env = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1,localhost,.test' }

  return {
    port,
    socket,
    caFile,
    authority,
    env: { ...env, NODE_EXTRA_CA_CERTS: caFile },
    engineEnv: { ...env, SSL_CERT_FILE: caFile },
    requests,
    bring,
    behave(host, behaviour) {
      for (const each of host === 'all' ? hosts : [host]) {
        behaviours.set(each, behaviour)
        if (behaviour === 'down') for (const [connection, to] of open) if (to === each) connection.destroy()
      }
    },
    async stop() {
      const closed = [proxy, file].map((server) => once(server, 'close'))
      proxy.close()
      file.close()
      for (const connection of open.keys()) connection.destroy()
      await Promise.all(closed)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function listening(server: Server, where: number | string): Promise<void> {
  if (typeof where === 'number') server.listen(where, '127.0.0.1')
  else server.listen(where)
  await once(server, 'listening')
}
