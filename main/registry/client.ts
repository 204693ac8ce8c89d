/**
 * A registry's client, as far as images are looked for: what a reference leads to, and which tags there are.
 * Source: distribution docs, spec/api.md; opencontainers distribution-spec.
 */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { hub, parseReference, parseTag } from '../../model/image/reference.ts'
import { hubRegistry, isLoopback, registryPlace, type RegistryPlace } from '../../model/image/registry-place.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { readContents, type ImageContents } from './contents.ts'
import type { Credentials, CredentialStore } from './credentials.ts'
import { refusal } from './failures.ts'
import { readJson, type Answer, type Http } from './http.ts'
import { manifestTypes } from './manifest.ts'
import { basic, parseChallenges, pullToken, type Challenge } from './token.ts'

type Told<T> = Promise<Result<T, RegistryFailure>>

export interface ManifestHead {
  readonly mediaType: string
  /** Of the content itself where the registry does not name it. Absent where it cannot be told at all. */
  readonly digest?: string
}

export interface ListedTags {
  /** In the registry's order. Some mirrors answer with none, whatever there is. */
  readonly tags: readonly string[]
  readonly more: boolean
}

export interface RegistryClient {
  /** What a reference, by tag or digest, leads to; costs no pull. Rejects only where `signal` was aborted. */
  head(reference: string, signal?: AbortSignal): Told<ManifestHead>
  tags(repository: string, signal?: AbortSignal): Told<ListedTags>
  /**
   * What a pull for a platform, as `linux/amd64`, would bring: a HEAD, and a GET of each manifest only if that named a
   * digest. Logs in once at most. Rejects only where `signal` was aborted.
   * @returns undefined if the registry does not tell, or not without a login that is not stored
   */
  contents(reference: string, platform: string, signal?: AbortSignal): Promise<ImageContents | undefined>
}

interface Needs {
  readonly http: Http
  readonly credentials: CredentialStore
  /** The host that answers for `docker.io`. */
  readonly hubHost?: string
}

const tagList = v.object({ tags: v.nullish(v.array(v.string()), []) })
const pageSize = 1000
const mostPages = 10

/** One conversation about one repository: what let it in is used for all its pages. */
interface Visit extends RegistryPlace {
  readonly signal?: AbortSignal | undefined
  authorization?: string
}
interface Wish {
  readonly method: 'GET' | 'HEAD'
  readonly accept: string
}

export function registryClient({ http, credentials, hubHost = hubRegistry }: Needs): RegistryClient {
  /** Of hosts on this computer: those found to speak plain HTTP. */
  const plainHosts = new Set<string>()

  const visit = (repository: string, signal?: AbortSignal): Visit => {
    const place = registryPlace(repository)
    return { ...place, host: place.registry === hub ? hubHost : place.host, signal }
  }

  /** What is on this computer is tried by https, then plainly, as Docker does. */
  async function knock(at: Visit, path: string, wish: Wish): Told<Answer> {
    const { host, registry, signal, authorization } = at
    const headers = { accept: wish.accept, ...(authorization && { authorization }) }
    const by = (scheme: string) =>
      http.ask(`${scheme}://${host}${path}`, { host: registry, method: wish.method, headers, signal })
    if (plainHosts.has(host)) return by('http')
    const secure = await by('https')
    if (secure.ok || !isLoopback(host) || !/^registry-(tls|unreachable)$/.test(secure.error.code)) return secure
    const plain = await by('http')
    if (plain.ok) plainHosts.add(host)
    return plain.ok ? plain : secure
  }

  /** Public images are had without credentials; the stored ones are offered only where the registry asks for them. */
  async function ask(at: Visit, path: string, wish: Wish): Told<Answer> {
    const first = await knock(at, path, wish)
    if (!first.ok || ![401, 403].includes(first.value.status)) return first
    const ways = parseChallenges(first.value.header('www-authenticate') ?? '')
    const bearer = ways.find(({ scheme }) => scheme === 'bearer')
    let last: Result<Answer, RegistryFailure> = first
    if (bearer) {
      const token = await pullToken(http, { ...at, challenge: bearer })
      if (token.ok) last = await enter(at, `Bearer ${token.value}`, path, wish)
      else if (/^registry-(login|denied)$/.test(token.error.code)) last = token
      else return token
    }
    if (last.ok ? ![401, 403].includes(last.value.status) : !/^registry-(login|denied)$/.test(last.error.code))
      return last
    if (!bearer && !ways.some(({ scheme }) => scheme === 'basic')) return last
    const stored = await credentials(at.registry, at.signal)
    at.signal?.throwIfAborted()
    const key = stored && (await keyOf(at, bearer, stored))
    if (!key) return last
    return key.ok ? enter(at, key.value, path, wish) : key
  }

  async function keyOf(at: Visit, bearer: Challenge | undefined, stored: Credentials): Told<string> {
    if (bearer) {
      const token = await pullToken(http, { ...at, challenge: bearer, credentials: stored })
      return token.ok ? ok(`Bearer ${token.value}`) : token
    }
    return stored.kind === 'password' ? ok(basic(stored)) : fail({ code: 'registry-login', host: at.registry })
  }

  function enter(at: Visit, authorization: string, path: string, wish: Wish): Told<Answer> {
    at.authorization = authorization
    return knock(at, path, wish)
  }

  /** Where a registry does not name a manifest's digest: it is that of its bytes. */
  async function hashed(at: Visit, path: string): Promise<string | undefined> {
    const asked = await ask(at, path, { method: 'GET', accept: manifestTypes.join(', ') })
    if (!asked.ok || asked.value.status !== 200 || asked.value.body === '') return undefined
    const { body, header } = asked.value
    // The oldest manifests are signed, and their digest is not that of all their bytes.
    if (!manifestTypes.includes(mediaTypeOf(header('content-type'))) || body.includes('\uFFFD')) return undefined
    return `sha256:${createHash('sha256').update(body).digest('hex')}`
  }

  return {
    async head(reference, signal) {
      const wanted = parseReference(reference)
      if (!wanted) return fail({ code: 'reference-wrong', reference })
      const at = visit(wanted.repository, signal)
      const path = `/v2/${at.path}/manifests/${wanted.version}`
      const asked = await ask(at, path, { method: 'HEAD', accept: manifestTypes.join(', ') })
      if (!asked.ok) return asked
      const answer = asked.value
      if (answer.status >= 400)
        return fail(missing(answer, at) ? { code: 'reference-unknown', reference } : refusal(answer, at.registry))
      const mediaType = mediaTypeOf(answer.header('content-type'))
      // A page for people, or a gate-keeper that says 200 to everything.
      if (answer.status !== 200 || !/[+/]json$|prettyjws$/.test(mediaType))
        return fail({ code: 'registry-nonsense', host: at.registry })
      const digest = namedDigest(answer) ?? (await hashed(at, path))
      return ok({ mediaType, ...(digest !== undefined && { digest }) })
    },

    async contents(reference, platform, signal) {
      const wanted = parseReference(reference)
      if (!wanted) return undefined
      const at = visit(wanted.repository, signal)
      const accept = manifestTypes.join(', ')
      const asked = await ask(at, `/v2/${at.path}/manifests/${wanted.version}`, { method: 'HEAD', accept })
      const digest = asked.ok && asked.value.status === 200 ? namedDigest(asked.value) : undefined
      if (digest === undefined) return undefined
      // What let the HEAD in is used again, and nothing else is tried.
      const get = async (path: string, accept: string) => {
        const got = await knock(at, `/v2/${at.path}/${path}`, { method: 'GET', accept })
        return got.ok ? got.value : undefined
      }
      return await readContents(get, digest, platform)
    },

    async tags(repository, signal) {
      const wanted = parseReference(repository)
      if (!wanted) return fail({ code: 'reference-wrong', reference: repository })
      const at = visit(wanted.repository, signal)
      const tags = new Set<string>()
      let path: string | undefined = `/v2/${at.path}/tags/list?n=${pageSize}`
      for (let page = 0; path && page < mostPages; page++) {
        const asked: Result<Answer, RegistryFailure> = await ask(at, path, {
          method: 'GET',
          accept: 'application/json',
        })
        if (!asked.ok) return asked
        if (missing(asked.value, at)) return fail({ code: 'reference-unknown', reference: repository })
        const list = readJson(asked.value, tagList, at.registry)
        if (!list.ok) return list
        for (const tag of list.value.tags) if (parseTag(`x:${tag}`)) tags.add(tag)
        path = nextPage(asked.value, path)
      }
      return ok({ tags: [...tags], more: path !== undefined })
    },
  }
}

/** Docker Hub gives a token for anything, and then says 401 to what does not exist as to what is private. */
const missing = ({ status }: Answer, { registry, authorization }: Visit) =>
  status === 404 || (status === 401 && registry === hub && authorization !== undefined)

function namedDigest(answer: Answer): string | undefined {
  const named = answer.header('docker-content-digest')
  return named && /^sha256:[0-9a-f]{64}$/.test(named) ? named : undefined
}

const mediaTypeOf = (contentType = '') => contentType.split(';')[0]!.trim()

/** The next page that the Link header names: at the same host or nowhere, and not the same once more. */
function nextPage(answer: Answer, path: string): string | undefined {
  const [, link] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(answer.header('link') ?? '') ?? []
  const next = link === undefined ? undefined : URL.parse(link, answer.url.href)
  if (!next || next.host !== answer.url.host) return undefined
  const nextPath = `${next.pathname}${next.search}`
  return nextPath === path ? undefined : nextPath
}
