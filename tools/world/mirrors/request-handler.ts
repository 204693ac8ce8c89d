/** Handles the requests to a mirror: as its behaviour demands, or with the registry's response, possibly altered. */
import { randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EnsureTag } from '../hub/missing-images.ts'
import { findBehaviourResponse, type MirrorRequest } from './behaviour-responses.ts'
import { digestOf, flipMiddleBit, falseManifestSource, type Manifest } from './false-content.ts'
import { parseTarget, type MirrorBehaviour } from './behaviour.ts'
import { sendBody } from './send-body.ts'

export interface RecordedMirrorRequest {
  readonly host: string
  readonly method: string
  /** Including the query. */
  readonly path: string
  /** Absent if no headers were sent. */
  readonly status?: number
  /** Bytes of the response body sent so far. */
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** When the response ended or was abandoned, in milliseconds since 1970. Absent while the request is in flight. */
  readonly endedAt?: number
  readonly userAgent: string
  /** Whether the request had an `Authorization` header. */
  readonly authorization: boolean
  readonly range?: string
}

type MutableRequest = { -readonly [Key in keyof RecordedMirrorRequest]: RecordedMirrorRequest[Key] }

export interface RequestHandlerOptions {
  /** `127.0.0.1:PORT` */
  readonly registry: string
  readonly ensureTag: EnsureTag | undefined
  /** The host that blob requests are redirected to, if the behaviour is `redirectsBlobs`. */
  readonly blobHost: string
  getBehaviour(): MirrorBehaviour
  /** Resolves when the behaviour changes. */
  whenBehaviourChanges(): Promise<void>
  recordRequest(request: RecordedMirrorRequest): void
}

export function createRequestHandler({
  registry,
  ensureTag,
  blobHost,
  getBehaviour,
  whenBehaviourChanges,
  recordRequest,
}: RequestHandlerOptions) {
  const loginTokens = new Set<string>()
  const blobTokens = new Set<string>()
  const falseManifests = falseManifestSource(registry)

  return (request: IncomingMessage, response: ServerResponse): void => {
    void handle(request, response).catch(() => response.destroy())
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    incoming.resume()
    const { method = 'GET', headers } = incoming
    const url = new URL(incoming.url ?? '/', `https://${headers.host ?? ''}`)
    const recorded = startRecord(url, incoming)
    response.once('close', () => {
      recorded.endedAt = Date.now()
      if (response.headersSent) recorded.status = response.statusCode
    })
    const request: MirrorRequest = { ...parseTarget(url.pathname), method, url, headers }
    const behaviour = getBehaviour()
    const hang = () => whenBehaviourChanges().then(() => void response.socket?.destroy())
    if (behaviour.hangs === request.resource) return hang()
    if (behaviour.firstByteDelayMs) await sleep(behaviour.firstByteDelayMs, undefined, { ref: false })

    const sendOptions = {
      response,
      resource: request.resource,
      getBehaviour,
      hang,
      onSent: (bytes: number) => void (recorded.bytes += bytes),
    }
    const send = (status: number, headers: Record<string, string>, bytes: Buffer) => {
      response.writeHead(status, { ...commonHeaders, ...headers, 'content-length': String(bytes.length) })
      if (method === 'HEAD') return void response.end()
      return sendBody(asStream(bytes), { ...sendOptions, size: bytes.length })
    }
    const behaviourResponse =
      url.hostname === blobHost ? undefined : findBehaviourResponse(behaviour, request, loginTokens)
    if (behaviourResponse) {
      const { status, headers, body } = behaviourResponse
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return send(status, { 'content-type': 'application/json', ...headers }, Buffer.from(text))
    }
    if (request.resource === 'blob' && behaviour.redirectsBlobs) {
      if (url.hostname !== blobHost) return send(307, { location: createBlobUrl(url) }, Buffer.alloc(0))
      if (!blobTokens.has(url.searchParams.get('token') ?? '')) return send(403, {}, Buffer.from('no token'))
    }
    if (request.resource === 'manifest') await ensureTag?.(request.repository, request.reference)
    const falseManifest = request.resource === 'manifest' ? await findFalseManifest(request, behaviour) : undefined
    if (falseManifest) {
      const { type, digest, bytes } = falseManifest
      return send(200, { 'content-type': type, 'docker-content-digest': digest }, bytes)
    }
    const upstream = await requestFromRegistry(method, url, request, behaviour)
    if (response.destroyed) return void upstream.destroy()
    response.once('close', () => upstream.destroy())
    const size = Number(upstream.headers['content-length']) || undefined
    response.writeHead(upstream.statusCode ?? 502, { ...upstream.headers, ...falseDigestHeader(request, behaviour) })
    if (method === 'HEAD') return void response.end()
    const [, start = 0, blobSize = size ?? 0] =
      /bytes (\d+)-\d+\/(\d+)/.exec(upstream.headers['content-range'] ?? '') ?? []
    const isFalseBlob = behaviour.lies === 'blob' && request.resource === 'blob' && upstream.statusCode! < 300
    const body = isFalseBlob ? flipMiddleBit(upstream, Number(start), Number(blobSize)) : upstream
    await sendBody(body, { ...sendOptions, size })
  }

  function startRecord(url: URL, { method = 'GET', headers }: IncomingMessage): MutableRequest {
    const recorded: MutableRequest = {
      host: url.hostname,
      method,
      path: url.pathname + url.search,
      bytes: 0,
      startedAt: Date.now(),
      userAgent: headers['user-agent'] ?? '',
      authorization: headers.authorization !== undefined,
      ...(headers.range !== undefined && { range: headers.range }),
    }
    recordRequest(recorded)
    return recorded
  }

  function createBlobUrl(url: URL): string {
    const token = randomBytes(12).toString('hex')
    blobTokens.add(token)
    return `https://${blobHost}${url.pathname}?token=${token}`
  }

  async function findFalseManifest(
    request: MirrorRequest,
    { lies: kind }: MirrorBehaviour,
  ): Promise<Manifest | undefined> {
    const accept = request.headers.accept ?? '*/*'
    const isDigest = request.reference.startsWith('sha256:')
    const altered = isDigest ? falseManifests.findAlteredManifest(request.reference) : undefined
    if (altered) return altered
    if (kind === 'tag' && !isDigest) return falseManifests.falseManifestForTag(request, accept)
    if (kind === 'manifest' && isDigest) return falseManifests.falseManifestForDigest(request, accept)
    return undefined
  }

  async function requestFromRegistry(
    method: string,
    url: URL,
    { headers }: MirrorRequest,
    { ignoresRange }: MirrorBehaviour,
  ): Promise<IncomingMessage> {
    const { host: _, authorization: __, connection: ___, range, ...rest } = headers
    const forwardedHeaders = range !== undefined && !ignoresRange ? { ...rest, range } : rest
    const [hostname, port] = registry.split(':')
    const path = url.pathname + url.search
    const registryRequest = httpRequest({ hostname, port, method, path, headers: forwardedHeaders })
    registryRequest.end()
    const [upstream] = (await once(registryRequest, 'response')) as [IncomingMessage]
    return upstream
  }
}

const commonHeaders = { 'docker-distribution-api-version': 'registry/2.0' }

const falseDigestHeader = ({ resource }: MirrorRequest, { lies }: MirrorBehaviour) =>
  lies === 'digest' && resource === 'manifest' ? { 'docker-content-digest': digestOf(Buffer.from('another')) } : {}

async function* asStream(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
