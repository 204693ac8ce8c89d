/**
 * Reading one repository at one address as a guest: no credentials, few requests, each stage in its own time, and every
 * byte that names a digest hashed. It is how a mirror is looked at, which is not to be believed.
 */
import { createHash, randomBytes } from 'node:crypto'
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { hub } from '../../model/image/reference.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { networkFailure, refusal } from './failures.ts'
import { isPage, type Head, type Http } from './http.ts'
import { digestOf, manifest, manifestTypes, type Descriptor, type Manifest } from './manifest.ts'
import { bearerOf, pullToken } from './token.ts'

type Told<T> = Promise<Result<T, RegistryFailure>>
type Headers = Readonly<Record<string, string>>

export interface Seen {
  /** Of the bytes that came. */
  readonly digest: string
  readonly manifest: Manifest
}

export interface Measured {
  readonly bytes: Bytes
  /** From the first bytes to the last, in seconds; from the question on where all came at once. */
  readonly seconds: number
}

export interface Guest {
  readonly host: string
  /** By tag or digest. */
  manifest(version: string): Told<Seen>
  /** A blob from its beginning, so much of it at most and for so long at most; what came whole is hashed. */
  blob(wanted: Descriptor, most: { readonly bytes: Bytes; readonly seconds: number }): Told<Measured>
  /** Whether it says yes also to a digest that nobody has. */
  saysAnything(): Promise<boolean>
}

export interface Visit {
  /** `https://host[:port]` */
  readonly address: string
  /** What the user knows it by. */
  readonly host: string
  /** The repository's path: `library/nginx`. */
  readonly path: string
  /** The longest silence, in milliseconds: before an answer, and within what is large. */
  readonly patience: number
  readonly signal: AbortSignal
}

/** Each call rejects only where the visit's signal was aborted. */
export function guestOf(http: Http, { address, host, path, patience, signal }: Visit): Guest {
  let token: string | undefined
  const at = (kind: 'manifests' | 'blobs', version: string) => `${address}/v2/${path}/${kind}/${version}`

  /** A mirror may want a token, which it gives to everyone. */
  async function admitted<Reply extends Head>(send: (headers: Headers) => Told<Reply>): Told<Reply> {
    // Several are asked at once: what another has got a token for meanwhile, this one has not been asked with.
    const sent = token
    const first = await send(sent === undefined ? {} : { authorization: `Bearer ${sent}` })
    if (!first.ok || first.value.status !== 401 || sent !== undefined) return first
    if (token === undefined) {
      const challenge = bearerOf(first.value)
      if (!challenge) return first
      const registry = { registry: host, host: new URL(address).host, path }
      const given = await pullToken(http, { ...registry, challenge, within: patience, signal })
      if (!given.ok) return given
      token = given.value
    }
    return send({ authorization: `Bearer ${token}` })
  }

  const named = (version: string) => `${path.replace(/^library\//, '')}${version.includes(':') ? '@' : ':'}${version}`

  const askManifest = (version: string, method: 'GET' | 'HEAD') =>
    admitted((entry) => {
      const headers = { accept: manifestTypes.join(', '), ...entry }
      return http.ask(at('manifests', version), { host, method, headers, within: patience, signal })
    })

  function refusedBy(reply: Head, version: string): RegistryFailure | undefined {
    if (isPage(reply) && reply.status < 400) return { code: 'registry-nonsense', host, page: true }
    // Docker Hub gives a token for anything, and then says 401 of what does not exist.
    const unknown = reply.status === 404 || (reply.status === 401 && host === hub && token !== undefined)
    if (unknown) return { code: 'reference-unknown', reference: named(version) }
    if (reply.status >= 400) return refusal(reply, host)
    return reply.status === 200 || reply.status === 206 ? undefined : { code: 'registry-nonsense', host }
  }

  return {
    host,
    async manifest(version) {
      const asked = await askManifest(version, 'GET')
      if (!asked.ok) return asked
      const refused = refusedBy(asked.value, version)
      if (refused) return fail(refused)
      const { body } = asked.value
      const digest = digestOf(body)
      const named = version.startsWith('sha256:') ? version : asked.value.header('docker-content-digest')
      if (named !== undefined && named !== digest) return fail({ code: 'content-altered', host })
      try {
        return ok({ digest, manifest: v.parse(manifest, JSON.parse(body)) })
      } catch {
        return fail({ code: 'registry-nonsense', host })
      }
    },
    async saysAnything() {
      const asked = await askManifest(`sha256:${randomBytes(32).toString('hex')}`, 'HEAD')
      return asked.ok && asked.value.status === 200 && !isPage(asked.value)
    },
    async blob({ digest, size }, most) {
      const enough = new AbortController()
      const over = AbortSignal.any([signal, enough.signal])
      const range = most.bytes < size ? { range: `bytes=0-${most.bytes - 1}` } : {}
      const asked = performance.now()
      try {
        const opened = await admitted((entry) =>
          http.open(at('blobs', digest), { host, headers: { ...range, ...entry }, within: patience, signal: over }),
        )
        if (!opened.ok) return opened
        const refused = refusedBy(opened.value, digest)
        if (refused) return fail(refused)
        const hash = createHash('sha256')
        let [bytes, first, last] = [0, 0, 0]
        for await (const chunk of patiently(opened.value.body, patience)) {
          last = performance.now()
          first ||= last
          bytes += chunk.length
          hash.update(chunk)
          if (bytes >= most.bytes || last - first >= most.seconds * 1000) break
        }
        if (bytes > size || (bytes === size && `sha256:${hash.digest('hex')}` !== digest))
          return fail({ code: 'content-altered', host })
        if (bytes < Math.min(size, most.bytes) && last - first < most.seconds * 1000)
          return fail({ code: 'registry-unreachable', host, reason: 'cut', detail: `${bytes} of ${size} bytes` })
        return ok({ bytes, seconds: (last > first ? last - first : last - asked) / 1000 })
      } catch (error) {
        signal.throwIfAborted()
        return fail(error instanceof Silence ? { code: 'registry-slow', host } : networkFailure(error, host))
      } finally {
        enough.abort()
      }
    },
  }
}

class Silence extends Error {}

/** The chunks of a body, until none has come for so long. */
async function* patiently(body: AsyncIterable<Buffer>, patience: number): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]()
  for (;;) {
    let clock: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      clock = setTimeout(() => reject(new Silence()), patience)
    })
    const next = await Promise.race([chunks.next(), silence]).finally(() => clearTimeout(clock))
    if (next.done) return
    yield next.value
  }
}
