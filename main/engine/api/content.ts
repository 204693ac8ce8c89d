/**
 * Reads the engine's content store: manifests, configs and the sizes of compressed layers, which the REST API does not
 * return. BuildKit, which is part of dockerd, serves its content store over gRPC (moby/buildkit control/control.go,
 * `contentapi.RegisterContentServer`). On engines with the containerd store, the content store also has the images.
 * Tested on 26.1 and 28.5. 20.10 does not offer the service.
 */
import { connect, constants, type ClientHttp2Session } from 'node:http2'
import type { Bytes } from '../../../model/image/image.ts'
import type { Digest } from '../../../model/layers/sizes.ts'
import { field, fields, integer, encodeText, emptyMessage, splitFrames } from './protobuf.ts'
import { hijack } from './request.ts'
import type { EngineSession } from './session.ts'

export interface BlobInfo {
  readonly size: Bytes
  /** The names of the labels. containerd uses labels to protect blobs from garbage collection. */
  readonly labels: readonly string[]
}

export interface ContentStore {
  /** @returns undefined if the blob does not exist */
  info(digest: Digest): Promise<BlobInfo | undefined>
  /** @returns undefined if the blob does not exist */
  read(digest: Digest): Promise<Buffer | undefined>
  /** @returns the digests of all blobs of all images, with one call, which takes tens of ms for hundreds of images */
  digests(): Promise<ReadonlySet<Digest>>
  close(): void
}

const timeoutMs = 5_000
const grpcNotFound = '5'

type Method = 'Info' | 'Read' | 'List'

/** @returns undefined if the engine does not offer the service. Timeout of this and each later call: 5 s. */
export async function openContent(session: EngineSession): Promise<ContentStore | undefined> {
  const request = { method: 'POST', path: '/grpc', headers: { Upgrade: 'h2c' }, timeoutMs } as const
  const socket = await hijack(session, request, false).catch(() => undefined)
  if (!socket) return undefined
  const client = connect('http://localhost', { createConnection: () => socket })
  client.on('error', () => socket.destroy())
  const store: ContentStore = {
    async info(digest) {
      const [reply] = await call(client, 'Info', encodeText(digest))
      const info = reply && field(reply, 1)
      if (!info) return undefined
      const labels = fields(info, 5).map((label) => String(field(label, 1) ?? ''))
      return { size: integer(info, 2), labels }
    },
    async read(digest) {
      const parts = await call(client, 'Read', encodeText(digest))
      if (parts.length === 0) return undefined
      return Buffer.concat(parts.flatMap((part) => fields(part, 2)))
    },
    async digests() {
      const parts = await call(client, 'List', emptyMessage)
      const infos = parts.flatMap((part) => fields(part, 1))
      return new Set(infos.map((info) => String(field(info, 1))))
    },
    close: () => client.destroy(),
  }
  try {
    // The call fails if the engine offers gRPC without this service.
    await store.info(`sha256:${'0'.repeat(64)}`)
    return store
  } catch {
    store.close()
    return undefined
  }
}

/** @returns the messages of the reply; none if the blob does not exist */
async function call(client: ClientHttp2Session, method: Method, request: Buffer): Promise<Buffer[]> {
  return splitFrames(await sendCall(client, method, request))
}

function sendCall(client: ClientHttp2Session, method: Method, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = client.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/containerd.services.content.v1.Content/${method}`,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    })
    const chunks: Buffer[] = []
    let status: unknown
    let detail: unknown
    const readStatus = (headers: Readonly<Record<string, unknown>>) => {
      status ??= headers['grpc-status']
      detail ??= headers['grpc-message']
    }
    stream.setTimeout(timeoutMs, () => stream.close(constants.NGHTTP2_CANCEL))
    stream.on('response', readStatus)
    stream.on('trailers', readStatus)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => {
      if (status === '0') return resolve(Buffer.concat(chunks))
      // BuildKit wraps containerd's errors. In older versions of BuildKit the wrapped error has no status code.
      if (status === grpcNotFound || /not found/.test(String(detail))) return resolve(Buffer.alloc(0))
      reject(new Error(`content store: ${String(status)} ${String(detail)}`))
    })
    stream.end(request)
  })
}
