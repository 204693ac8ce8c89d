/**
 * The engine's own content store, read only: manifests, configs and the sizes of compressed layers, which no answer of
 * the REST interface tells. BuildKit, which is part of dockerd, serves it over gRPC (moby/buildkit control/control.go,
 * `contentapi.RegisterContentServer`); with the containerd store it is the store of the images themselves. Tried on
 * 26.1 and 28.5; 20.10 does not have it, and who has not falls back to bounds.
 */
import { connect, constants, type ClientHttp2Session } from 'node:http2'
import type { Bytes } from '../../../model/image/image.ts'
import type { Digest } from '../../../model/layers/sizes.ts'
import { field, fields, integer, message, noMessage, unframed } from './protobuf.ts'
import { hijack } from './request.ts'
import type { EngineSession } from './session.ts'

export interface BlobInfo {
  readonly size: Bytes
  /** The names of its labels: containerd keeps in them what a blob keeps from being cleared away. */
  readonly labels: readonly string[]
}

export interface ContentStore {
  /** Nothing where there is no such blob. */
  info(digest: Digest): Promise<BlobInfo | undefined>
  read(digest: Digest): Promise<Buffer | undefined>
  /** Of all blobs of all images. One question, answered in tens of milliseconds for hundreds of images. */
  digests(): Promise<ReadonlySet<Digest>>
  close(): void
}

const timeoutMs = 5_000
const notFound = '5'

type Method = 'Info' | 'Read' | 'List'

/** Nothing where the engine does not offer it. */
export async function openContent(engine: EngineSession): Promise<ContentStore | undefined> {
  const request = { method: 'POST', path: '/grpc', headers: { Upgrade: 'h2c' }, timeoutMs } as const
  const socket = await hijack(engine, request, false).catch(() => undefined)
  if (!socket) return undefined
  const session = connect('http://localhost', { createConnection: () => socket })
  session.on('error', () => socket.destroy())
  const store: ContentStore = {
    async info(digest) {
      const [answer] = await call(session, 'Info', message(digest))
      const info = answer && field(answer, 1)
      if (!info) return undefined
      const labels = fields(info, 5).map((label) => String(field(label, 1) ?? ''))
      return { size: integer(info, 2), labels }
    },
    async read(digest) {
      const parts = await call(session, 'Read', message(digest))
      if (parts.length === 0) return undefined
      return Buffer.concat(parts.flatMap((part) => fields(part, 2)))
    },
    async digests() {
      const parts = await call(session, 'List', noMessage)
      const infos = parts.flatMap((part) => fields(part, 1))
      return new Set(infos.map((info) => String(field(info, 1))))
    },
    close: () => session.destroy(),
  }
  try {
    // An engine that speaks gRPC but not this service says so now.
    await store.info(`sha256:${'0'.repeat(64)}`)
    return store
  } catch {
    store.close()
    return undefined
  }
}

/** The messages that answer one call; none if the blob does not exist. */
async function call(session: ClientHttp2Session, method: Method, question: Buffer): Promise<Buffer[]> {
  return unframed(await exchange(session, method, question))
}

function exchange(session: ClientHttp2Session, method: Method, question: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/containerd.services.content.v1.Content/${method}`,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    })
    const chunks: Buffer[] = []
    let status: unknown
    let said: unknown
    const hear = (headers: Readonly<Record<string, unknown>>) => {
      status ??= headers['grpc-status']
      said ??= headers['grpc-message']
    }
    stream.setTimeout(timeoutMs, () => stream.close(constants.NGHTTP2_CANCEL))
    stream.on('response', hear)
    stream.on('trailers', hear)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('close', () => {
      if (status === '0') return resolve(Buffer.concat(chunks))
      // BuildKit wraps what containerd says, and older ones lose the code on the way.
      if (status === notFound || /not found/.test(String(said))) return resolve(Buffer.alloc(0))
      reject(new Error(`content store: ${String(status)} ${String(said)}`))
    })
    stream.end(question)
  })
}
