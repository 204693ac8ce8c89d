/**
 * A registry client that resolves references, lists tags and reads the contents of an image before a pull.
 * Source: distribution docs, spec/api.md; opencontainers distribution-spec.
 */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { hub, parseReference, parseTag } from '../../model/image/reference.ts'
import { hubRegistry, isLoopback, locateRepository, type RepositoryLocation } from '../../model/image/registry-place.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { readContents, type ImageContents } from './contents.ts'
import type { Credentials, CredentialStore } from './credentials.ts'
import { refusalFailure } from './failures.ts'
import { readJson, type HttpResponse, type Http } from './http.ts'
import { manifestTypes } from './manifest.ts'
import { basicAuthorization, parseChallenges, requestPullToken, type Challenge } from './token.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>

export interface ManifestHead {
  readonly mediaType: string
  /** Computed from the manifest if the registry sends no digest. Absent if the digest cannot be determined. */
  readonly digest?: string
}

export interface ListedTags {
  /** In the registry's order. Some mirrors always return an empty list. */
  readonly tags: readonly string[]
  /** Whether the list was cut off at `maxPages`. */
  readonly more: boolean
}

export interface RegistryClient {
  /**
   * Resolves a reference by tag or digest. Does not count as a pull at Docker Hub if the registry sends the digest.
   * Rejects only if `signal` is aborted.
   */
  head(reference: string, signal?: AbortSignal): RegistryResult<ManifestHead>
  /** Lists the tags of a repository. Rejects only if `signal` is aborted. */
  tags(repository: string, signal?: AbortSignal): RegistryResult<ListedTags>
  /**
   * Reads what a pull for a platform, such as `linux/amd64`, would download. Sends a HEAD request, and GETs the
   * manifests only if the registry sent a digest. Logs in at most once. Rejects only if `signal` is aborted.
   * @returns undefined if the registry does not provide the manifests, or requires a login that is not stored
   */
  contents(reference: string, platform: string, signal?: AbortSignal): Promise<ImageContents | undefined>
}

interface Dependencies {
  readonly http: Http
  readonly credentials: CredentialStore
  /** The host to use for `docker.io`. */
  readonly hubHost?: string
}

const tagListReply = v.object({ tags: v.nullish(v.array(v.string()), []) })
const pageSize = 1000
const maxPages = 10

/** The state that all requests to one repository share. */
interface RepositoryContext extends RepositoryLocation {
  readonly signal?: AbortSignal | undefined
  /** The Authorization header that was sent last. Later requests reuse it. */
  authorization?: string
}
interface RequestSpec {
  readonly method: 'GET' | 'HEAD'
  readonly accept: string
}

export function registryClient({ http, credentials, hubHost = hubRegistry }: Dependencies): RegistryClient {
  /** Loopback hosts that are known to use plain HTTP. */
  const plainHttpHosts = new Set<string>()

  const contextFor = (repository: string, signal?: AbortSignal): RepositoryContext => {
    const place = locateRepository(repository)
    return { ...place, host: place.registry === hub ? hubHost : place.host, signal }
  }

  /** Sends one request. Loopback hosts are tried with https first, then with http, as Docker does. */
  async function send(context: RepositoryContext, path: string, spec: RequestSpec): RegistryResult<HttpResponse> {
    const { host, registry, signal, authorization } = context
    const headers = { accept: spec.accept, ...(authorization && { authorization }) }
    const sendWith = (scheme: string) =>
      http.ask(`${scheme}://${host}${path}`, { host: registry, method: spec.method, headers, signal })
    if (plainHttpHosts.has(host)) return sendWith('http')
    const secure = await sendWith('https')
    if (secure.ok || !isLoopback(host) || !/^registry-(tls|unreachable)$/.test(secure.error.code)) return secure
    const plain = await sendWith('http')
    if (plain.ok) plainHttpHosts.add(host)
    return plain.ok ? plain : secure
  }

  /** Sends a request; if the registry requires a login, again with an anonymous token, then with stored credentials. */
  async function sendWithLogin(
    context: RepositoryContext,
    path: string,
    spec: RequestSpec,
  ): RegistryResult<HttpResponse> {
    const first = await send(context, path, spec)
    if (!first.ok || ![401, 403].includes(first.value.status)) return first
    const challenges = parseChallenges(first.value.header('www-authenticate') ?? '')
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    let latest: Result<HttpResponse, RegistryFailure> = first
    if (bearer) {
      const token = await requestPullToken(http, { ...context, challenge: bearer })
      if (token.ok) latest = await sendAuthorized(context, `Bearer ${token.value}`, path, spec)
      else if (/^registry-(login|denied)$/.test(token.error.code)) latest = token
      else return token
    }
    if (latest.ok ? ![401, 403].includes(latest.value.status) : !/^registry-(login|denied)$/.test(latest.error.code))
      return latest
    if (!bearer && !challenges.some(({ scheme }) => scheme === 'basic')) return latest
    const stored = await credentials(context.registry, context.signal)
    context.signal?.throwIfAborted()
    const header = stored && (await authorizationFor(context, bearer, stored))
    if (!header) return latest
    return header.ok ? sendAuthorized(context, header.value, path, spec) : header
  }

  /** The Authorization header for the stored credentials. */
  async function authorizationFor(
    context: RepositoryContext,
    bearer: Challenge | undefined,
    stored: Credentials,
  ): RegistryResult<string> {
    if (bearer) {
      const token = await requestPullToken(http, { ...context, challenge: bearer, credentials: stored })
      return token.ok ? ok(`Bearer ${token.value}`) : token
    }
    return stored.kind === 'password'
      ? ok(basicAuthorization(stored))
      : fail({ code: 'registry-login', host: context.registry })
  }

  function sendAuthorized(
    context: RepositoryContext,
    authorization: string,
    path: string,
    spec: RequestSpec,
  ): RegistryResult<HttpResponse> {
    context.authorization = authorization
    return send(context, path, spec)
  }

  /** Downloads a manifest and computes its digest, for registries that do not send Docker-Content-Digest. */
  async function computeDigest(context: RepositoryContext, path: string): Promise<string | undefined> {
    const response = await sendWithLogin(context, path, { method: 'GET', accept: manifestTypes.join(', ') })
    if (!response.ok || response.value.status !== 200 || response.value.body === '') return undefined
    const { body, header } = response.value
    // Schema 1 manifests are signed, and their digest does not cover the signature.
    if (!manifestTypes.includes(mediaTypeOf(header('content-type'))) || body.includes('\uFFFD')) return undefined
    return `sha256:${createHash('sha256').update(body).digest('hex')}`
  }

  return {
    async head(reference, signal) {
      const parsed = parseReference(reference)
      if (!parsed) return fail({ code: 'reference-invalid', reference })
      const context = contextFor(parsed.repository, signal)
      const path = `/v2/${context.path}/manifests/${parsed.version}`
      const head = await sendWithLogin(context, path, { method: 'HEAD', accept: manifestTypes.join(', ') })
      if (!head.ok) return head
      const response = head.value
      if (response.status >= 400)
        return fail(
          isMissing(response, context)
            ? { code: 'reference-unknown', reference }
            : refusalFailure(response, context.registry),
        )
      const mediaType = mediaTypeOf(response.header('content-type'))
      // An HTML page, or a captive portal that responds 200 to every request.
      if (response.status !== 200 || !/[+/]json$|prettyjws$/.test(mediaType))
        return fail({ code: 'registry-invalid-reply', host: context.registry })
      const digest = digestHeader(response) ?? (await computeDigest(context, path))
      return ok({ mediaType, ...(digest !== undefined && { digest }) })
    },

    async contents(reference, platform, signal) {
      const parsed = parseReference(reference)
      if (!parsed) return undefined
      const context = contextFor(parsed.repository, signal)
      const accept = manifestTypes.join(', ')
      const head = await sendWithLogin(context, `/v2/${context.path}/manifests/${parsed.version}`, {
        method: 'HEAD',
        accept,
      })
      const digest = head.ok && head.value.status === 200 ? digestHeader(head.value) : undefined
      if (digest === undefined) return undefined
      // Reuses the authorization of the HEAD request and does not try to log in again.
      const get = async (path: string, accept: string) => {
        const response = await send(context, `/v2/${context.path}/${path}`, { method: 'GET', accept })
        return response.ok ? response.value : undefined
      }
      return await readContents(get, digest, platform)
    },

    async tags(repository, signal) {
      const parsed = parseReference(repository)
      if (!parsed) return fail({ code: 'reference-invalid', reference: repository })
      const context = contextFor(parsed.repository, signal)
      const tags = new Set<string>()
      let path: string | undefined = `/v2/${context.path}/tags/list?n=${pageSize}`
      for (let page = 0; path && page < maxPages; page++) {
        const response: Result<HttpResponse, RegistryFailure> = await sendWithLogin(context, path, {
          method: 'GET',
          accept: 'application/json',
        })
        if (!response.ok) return response
        if (isMissing(response.value, context)) return fail({ code: 'reference-unknown', reference: repository })
        const list = readJson(response.value, tagListReply, context.registry)
        if (!list.ok) return list
        for (const tag of list.value.tags) if (parseTag(`x:${tag}`)) tags.add(tag)
        path = nextPage(response.value, path)
      }
      return ok({ tags: [...tags], more: path !== undefined })
    },
  }
}

/** Docker Hub issues a token for any repository, then responds 401 if the repository is private or does not exist. */
const isMissing = ({ status }: HttpResponse, { registry, authorization }: RepositoryContext) =>
  status === 404 || (status === 401 && registry === hub && authorization !== undefined)

function digestHeader(response: HttpResponse): string | undefined {
  const digest = response.header('docker-content-digest')
  return digest && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined
}

const mediaTypeOf = (contentType = '') => contentType.split(';')[0]!.trim()

/** The path of the next page from the Link header. @returns undefined if it is on another host or the same page */
function nextPage(response: HttpResponse, path: string): string | undefined {
  const [, link] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(response.header('link') ?? '') ?? []
  const next = link === undefined ? undefined : URL.parse(link, response.url.href)
  if (!next || next.host !== response.url.host) return undefined
  const nextPath = `${next.pathname}${next.search}`
  return nextPath === path ? undefined : nextPath
}
