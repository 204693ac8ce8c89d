/** A mirror: its server and its current behaviour. */
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Certificate } from '../hub/authority.ts'
import type { EnsureTag } from '../hub/missing-images.ts'
import type { CertificateKind } from './certificates.ts'
import type { MirrorBehaviour } from './behaviour.ts'
import { createRequestHandler, type RecordedMirrorRequest } from './request-handler.ts'

export interface Mirror {
  readonly name: string
  /** `fast.mirror.test` */
  readonly host: string
  /** `https://fast.mirror.test` */
  readonly address: string
  /** The host that blob requests are redirected to, if the behaviour is `redirectsBlobs`. */
  readonly blobHost: string
  readonly requests: readonly RecordedMirrorRequest[]
  /** The number of accepted connections, with or without requests. */
  readonly connections: number
  /**
   * Changes the behaviour from now on; by default to a good one. Connections with a hanging response are cut. All
   * connections are cut if new connections would now fail or get another certificate.
   */
  setBehaviour(behaviour?: MirrorBehaviour): void
  /** Resets `requests` and `connections`. */
  clear(): void
}

export interface MirrorOptions {
  readonly name: string
  readonly domain: string
  /** The mirror listens on port 443 of this address. */
  readonly ipAddress: string
  /** `127.0.0.1:PORT` of the registry whose content the mirror serves. */
  readonly registry: string
  readonly ensureTag: EnsureTag | undefined
  getCertificate(kind?: CertificateKind): Certificate
  /** Writes the DNS entries of the mirror's hosts. Called at the start and when the behaviour changes. */
  updateDns(hosts: readonly string[], behaviour: Pick<MirrorBehaviour, 'connecting' | 'ipv6'>): void
}

export async function startMirror(options: MirrorOptions): Promise<Mirror & { stop(): Promise<void> }> {
  const { name, domain, ipAddress, registry, ensureTag, getCertificate, updateDns } = options
  const [host, blobHost] = [`${name}.${domain}`, `${name}-blobs.${domain}`]
  const sockets = new Set<Socket>()
  let behaviour: MirrorBehaviour = {}
  let behaviourChange = Promise.withResolvers<void>()
  let requests: RecordedMirrorRequest[] = []
  let connections = 0

  const handleRequest = createRequestHandler({
    registry,
    ensureTag,
    blobHost,
    getBehaviour: () => behaviour,
    whenBehaviourChanges: () => behaviourChange.promise,
    recordRequest: (request) => void requests.push(request),
  })
  const tlsServer = createTlsServer({ ...getCertificate() }, handleRequest)
  tlsServer.on('tlsClientError', (_, socket) => socket.destroy())
  const listener = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
    if (behaviour.connecting === 'silent') return void socket.resume()
    if (behaviour.connecting === 'garbage') return void socket.once('data', () => socket.end('* OK here is no TLS\r\n'))
    tlsServer.emit('connection', socket)
  })
  listener.listen(443, ipAddress)
  await once(listener, 'listening')
  updateDns([host, blobHost], {})

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
    setBehaviour(newBehaviour = {}) {
      const mustReconnect = newBehaviour.connecting !== undefined || newBehaviour.certificate !== behaviour.certificate
      behaviour = newBehaviour
      tlsServer.setSecureContext(getCertificate(newBehaviour.certificate))
      updateDns([host, blobHost], newBehaviour)
      behaviourChange.resolve()
      behaviourChange = Promise.withResolvers()
      if (mustReconnect) cutConnections()
    },
    clear() {
      requests = []
      connections = 0
    },
    async stop() {
      const closed = once(listener, 'close')
      listener.close()
      cutConnections()
      await closed
    },
  }

  function cutConnections(): void {
    for (const socket of sockets) socket.destroy()
  }
}
