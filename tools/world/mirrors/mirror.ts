/** One mirror: who listens at its address, and how that one is told to behave. */
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Certificate } from '../hub/authority.ts'
import type { Bring } from '../hub/on-demand.ts'
import type { CertificateKind } from './certificates.ts'
import type { MirrorBehaviour } from './behaviour.ts'
import { server, type Asked } from './serve.ts'

export interface Mirror {
  readonly name: string
  /** `fast.mirror.test` */
  readonly host: string
  /** `https://fast.mirror.test` */
  readonly address: string
  /** Where its blobs are, when its manner is to have them elsewhere. */
  readonly blobHost: string
  readonly requests: readonly Asked[]
  /** How often it was connected to, whether or not a request came of it. */
  readonly connections: number
  /** From now on. What hangs is cut; all is cut where clients would not get so far, or see another certificate. */
  behave(manner?: MirrorBehaviour): void
  /** Forgets the requests and connections. */
  clear(): void
}

export interface MirrorWish {
  readonly name: string
  readonly domain: string
  /** Its own address, at port 443. */
  readonly home: string
  /** `127.0.0.1:PORT` of what it is a mirror of. */
  readonly registry: string
  readonly bring: Bring | undefined
  certificate(kind?: CertificateKind): Certificate
  /** Puts its names into the DNS, anew where the manner is another. */
  publish(hosts: readonly string[], manner: Pick<MirrorBehaviour, 'connecting' | 'ipv6'>): void
}

export async function openMirror(wish: MirrorWish): Promise<Mirror & { stop(): Promise<void> }> {
  const { name, domain, home, registry, bring, certificate, publish } = wish
  const [host, blobHost] = [`${name}.${domain}`, `${name}-blobs.${domain}`]
  const open = new Set<Socket>()
  let manner: MirrorBehaviour = {}
  let changed = Promise.withResolvers<void>()
  let requests: Asked[] = []
  let connections = 0

  const answer = server({
    registry,
    bring,
    blobHost,
    manner: () => manner,
    changed: () => changed.promise,
    note: (asked) => void requests.push(asked),
  })
  const site = createTlsServer({ ...certificate() }, answer)
  site.on('tlsClientError', (_, socket) => socket.destroy())
  const listener = createServer((socket) => {
    connections++
    open.add(socket)
    socket.on('error', () => socket.destroy()).once('close', () => open.delete(socket))
    if (manner.connecting === 'silent') return void socket.resume()
    if (manner.connecting === 'garbage') return void socket.once('data', () => socket.end('* OK here is no TLS\r\n'))
    site.emit('connection', socket)
  })
  listener.listen(443, home)
  await once(listener, 'listening')
  publish([host, blobHost], {})

  return {
    name,
    host,
    blobHost,
    address: `https://${host}`,
    get requests() {
      return requests
    },
    get connections() {
      return connections
    },
    behave(next = {}) {
      const anew = next.connecting !== undefined || next.certificate !== manner.certificate
      manner = next
      site.setSecureContext(certificate(next.certificate))
      publish([host, blobHost], next)
      changed.resolve()
      changed = Promise.withResolvers()
      if (anew) cut()
    },
    clear() {
      requests = []
      connections = 0
    },
    async stop() {
      const closed = once(listener, 'close')
      listener.close()
      cut()
      await closed
    },
  }

  function cut(): void {
    for (const socket of open) socket.destroy()
  }
}
