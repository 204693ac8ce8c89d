/**
 * Reads one repository at an untrusted registry, such as a mirror: sends no credentials, makes few requests, applies a
 * timeout to each stage, and verifies content against its digest.
 */
import { randomBytes } from 'node:crypto'
import type { Bytes } from '../../model/image/image.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { networkFailure } from './failures.ts'
import { isPage, type ResponseHead, type Http } from './http.ts'
import { digester, manifestOrIndex, parseVerified, type Descriptor, type ManifestOrIndex } from './manifest.ts'
import { acceptManifests, openRepository } from './repository.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>

export interface FetchedManifest {
  /** Computed from the received bytes. */
  readonly digest: string
  readonly manifest: ManifestOrIndex
}

export interface DownloadMeasurement {
  readonly bytes: Bytes
  /** Seconds from the first chunk to the last, or from the request if everything arrived in one chunk. */
  readonly seconds: number
}

export interface DownloadLimits {
  readonly bytes: Bytes
  readonly seconds: number
}

export interface UntrustedRegistry {
  readonly host: string
  /** @param version a tag or digest */
  manifest(version: string): RegistryResult<FetchedManifest>
  /** Downloads a blob from its start until a limit is reached. A complete blob is verified against its digest. */
  blob(descriptor: Descriptor, limits: DownloadLimits): RegistryResult<DownloadMeasurement>
  /** Whether the registry claims to have a random digest, which cannot exist. */
  acceptsUnknownDigest(): Promise<boolean>
}

export interface UntrustedRegistryOptions {
  /** `https://host[:port]` */
  readonly address: string
  /** The host name that the user knows, used in failures. */
  readonly host: string
  /** The repository's path: `library/nginx`. */
  readonly path: string
  /** Timeout in milliseconds: for each response, and between two chunks of a blob. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Creates a reader for an untrusted registry. Its methods reject only if `signal` is aborted. */
export function untrustedRegistry(
  http: Http,
  { address, host, path, timeoutMs, signal }: UntrustedRegistryOptions,
): UntrustedRegistry {
  const location = { registry: host, host: new URL(address).host, path }
  const repository = openRepository({
    ...location,
    http,
    timeoutMs,
    signal,
    reach: (request) => request({ origin: address }),
  })

  const referenceOf = (version: string) =>
    `${path.replace(/^library\//, '')}${version.includes(':') ? '@' : ':'}${version}`

  function failureOf(reply: ResponseHead, version: string): RegistryFailure | undefined {
    if (isPage(reply) && reply.status < 400) return { code: 'registry-invalid-reply', host, page: true }
    const failure = repository.failureOf(reply, referenceOf(version))
    if (failure) return failure
    return reply.status === 200 || reply.status === 206 ? undefined : { code: 'registry-invalid-reply', host }
  }

  return {
    host,
    async manifest(version) {
      const response = await repository.ask(`manifests/${version}`, { headers: acceptManifests })
      if (!response.ok) return response
      const failure = failureOf(response.value, version)
      if (failure) return fail(failure)
      const expected = version.startsWith('sha256:') ? version : response.value.header('docker-content-digest')
      const verified = parseVerified(manifestOrIndex, response.value.body, expected)
      if (verified === 'altered') return fail({ code: 'content-altered', host })
      if (verified === 'invalid') return fail({ code: 'registry-invalid-reply', host })
      return ok({ digest: verified.digest, manifest: verified.value })
    },
    async acceptsUnknownDigest() {
      const version = `sha256:${randomBytes(32).toString('hex')}`
      const response = await repository.ask(`manifests/${version}`, { method: 'HEAD', headers: acceptManifests })
      return response.ok && response.value.status === 200 && !isPage(response.value)
    },
    async blob({ digest, size }, limits) {
      const finished = new AbortController()
      const downloadSignal = AbortSignal.any([signal, finished.signal])
      const range = limits.bytes < size ? { range: `bytes=0-${limits.bytes - 1}` } : {}
      const requestedAt = performance.now()
      try {
        const opened = await repository.open(`blobs/${digest}`, { headers: range, signal: downloadSignal })
        if (!opened.ok) return opened
        const failure = failureOf(opened.value, digest)
        if (failure) return fail(failure)
        const hash = digester()
        let [bytes, first, last] = [0, 0, 0]
        for await (const chunk of withIdleTimeout(opened.value.body, timeoutMs)) {
          last = performance.now()
          first ||= last
          bytes += chunk.length
          hash.add(chunk)
          if (bytes >= limits.bytes || last - first >= limits.seconds * 1000) break
        }
        if (bytes > size || (bytes === size && hash.digest() !== digest)) return fail({ code: 'content-altered', host })
        if (bytes < Math.min(size, limits.bytes) && last - first < limits.seconds * 1000)
          return fail({
            code: 'registry-unreachable',
            host,
            reason: 'cut',
            detail: `${bytes} of ${size} bytes`,
          })
        return ok({ bytes, seconds: (last > first ? last - first : last - requestedAt) / 1000 })
      } catch (error) {
        signal.throwIfAborted()
        return fail(error instanceof IdleTimeoutError ? { code: 'registry-slow', host } : networkFailure(error, host))
      } finally {
        finished.abort()
      }
    },
  }
}

class IdleTimeoutError extends Error {}

/** Yields the chunks of a body. Throws IdleTimeoutError if no chunk arrives for `idleMs` milliseconds. */
async function* withIdleTimeout(body: AsyncIterable<Buffer>, idleMs: number): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]()
  for (;;) {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new IdleTimeoutError()), idleMs)
    })
    const next = await Promise.race([chunks.next(), timeout]).finally(() => clearTimeout(timer))
    if (next.done) return
    yield next.value
  }
}
