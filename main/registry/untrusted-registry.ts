/**
 * Reads one repository at an untrusted registry, such as a mirror: sends no credentials, makes few requests, applies a
 * timeout to each stage, and verifies content against its digest.
 */
import { createHash, randomBytes } from 'node:crypto'
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { hub } from '../../model/image/reference.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { networkFailure, refusalFailure } from './failures.ts'
import { isPage, type ResponseHead, type Http } from './http.ts'
import { digestOf, manifestOrIndex, manifestTypes, type Descriptor, type ManifestOrIndex } from './manifest.ts'
import { findBearerChallenge, requestPullToken } from './token.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>
type Headers = Readonly<Record<string, string>>

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
  let token: string | undefined
  const urlOf = (kind: 'manifests' | 'blobs', version: string) => `${address}/v2/${path}/${kind}/${version}`

  /** Sends a request, and sends it again with an anonymous token if the registry requires one. */
  async function withToken<Reply extends ResponseHead>(
    send: (headers: Headers) => RegistryResult<Reply>,
  ): RegistryResult<Reply> {
    // A concurrent request may obtain the token while this one is in flight, so remember which token was sent.
    const sentToken = token
    const first = await send(sentToken === undefined ? {} : { authorization: `Bearer ${sentToken}` })
    if (!first.ok || first.value.status !== 401 || sentToken !== undefined) return first
    if (token === undefined) {
      const challenge = findBearerChallenge(first.value)
      if (!challenge) return first
      const registry = { registry: host, host: new URL(address).host, path }
      const issued = await requestPullToken(http, { ...registry, challenge, timeoutMs, signal })
      if (!issued.ok) return issued
      token = issued.value
    }
    return send({ authorization: `Bearer ${token}` })
  }

  const referenceOf = (version: string) =>
    `${path.replace(/^library\//, '')}${version.includes(':') ? '@' : ':'}${version}`

  const requestManifest = (version: string, method: 'GET' | 'HEAD') =>
    withToken((authorization) => {
      const headers = { accept: manifestTypes.join(', '), ...authorization }
      return http.ask(urlOf('manifests', version), { host, method, headers, timeoutMs, signal })
    })

  function failureOf(reply: ResponseHead, version: string): RegistryFailure | undefined {
    if (isPage(reply) && reply.status < 400) return { code: 'registry-invalid-reply', host, page: true }
    // Docker Hub issues a token for any repository, then responds 401 if the repository does not exist.
    const unknown = reply.status === 404 || (reply.status === 401 && host === hub && token !== undefined)
    if (unknown) return { code: 'reference-unknown', reference: referenceOf(version) }
    if (reply.status >= 400) return refusalFailure(reply, host)
    return reply.status === 200 || reply.status === 206 ? undefined : { code: 'registry-invalid-reply', host }
  }

  return {
    host,
    async manifest(version) {
      const response = await requestManifest(version, 'GET')
      if (!response.ok) return response
      const failure = failureOf(response.value, version)
      if (failure) return fail(failure)
      const { body } = response.value
      const digest = digestOf(body)
      const expected = version.startsWith('sha256:') ? version : response.value.header('docker-content-digest')
      if (expected !== undefined && expected !== digest) return fail({ code: 'content-altered', host })
      try {
        return ok({ digest, manifest: v.parse(manifestOrIndex, JSON.parse(body)) })
      } catch {
        return fail({ code: 'registry-invalid-reply', host })
      }
    },
    async acceptsUnknownDigest() {
      const response = await requestManifest(`sha256:${randomBytes(32).toString('hex')}`, 'HEAD')
      return response.ok && response.value.status === 200 && !isPage(response.value)
    },
    async blob({ digest, size }, limits) {
      const finished = new AbortController()
      const downloadSignal = AbortSignal.any([signal, finished.signal])
      const range = limits.bytes < size ? { range: `bytes=0-${limits.bytes - 1}` } : {}
      const requestedAt = performance.now()
      try {
        const opened = await withToken((authorization) => {
          const headers = { ...range, ...authorization }
          return http.open(urlOf('blobs', digest), { host, headers, timeoutMs, signal: downloadSignal })
        })
        if (!opened.ok) return opened
        const failure = failureOf(opened.value, digest)
        if (failure) return fail(failure)
        const hash = createHash('sha256')
        let [bytes, first, last] = [0, 0, 0]
        for await (const chunk of withIdleTimeout(opened.value.body, timeoutMs)) {
          last = performance.now()
          first ||= last
          bytes += chunk.length
          hash.update(chunk)
          if (bytes >= limits.bytes || last - first >= limits.seconds * 1000) break
        }
        if (bytes > size || (bytes === size && `sha256:${hash.digest('hex')}` !== digest))
          return fail({ code: 'content-altered', host })
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
