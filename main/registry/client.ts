/**
 * A registry client that resolves references, lists tags and reads the contents of an image before a pull.
 * Source: distribution docs, spec/api.md; opencontainers distribution-spec.
 */
import * as v from 'valibot'
import { hub, parseReference, parseTag } from '../../model/image/reference.ts'
import { hubRegistry, isLoopback, locateRepository, type RepositoryLocation } from '../../model/image/registry-place.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import type { Referrer } from '../../model/registry/address-class.ts'
import { readContents, type ImageContents } from './contents.ts'
import type { Channel, TokenCache } from './authorization.ts'
import type { AllowsRealm } from './token.ts'
import type { CredentialStore } from './credentials.ts'
import { isRegistryReply, refusalFailure } from './failures.ts'
import { readJson, type HttpResponse, type Http } from './http.ts'
import { isInsecure, type InsecureRegistries } from './insecure-registries.ts'
import { digestOf, manifestTypes } from './manifest.ts'
import { acceptManifests, openRepository, type Reach, type Repository } from './repository.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>

export interface ManifestHead {
  readonly mediaType: string
  /** Computed from the manifest if the registry sends no digest. Absent if the digest cannot be determined. */
  readonly digest?: string
}

export interface ListedTags {
  /** In the registry's order. Some mirrors always return an empty list. */
  readonly tags: readonly string[]
  /** Whether the list was cut off at `maxPages` or `maxTags`. */
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
  /** Whether the user allowed a registry to receive the login at another host. By default, none is. */
  readonly allowsRealm?: AllowsRealm
  /** The registries that the engine may reach without TLS, besides loopback; undefined if unknown. */
  readonly insecureRegistries?: () => Promise<InsecureRegistries | undefined>
}

const tagListReply = v.object({ tags: v.nullish(v.array(v.string()), []) })
const acceptJson = { accept: 'application/json' }
const pageSize = 1000
const maxPages = 10
/** Some registries ignore the size of a page and send all tags at once. */
const maxTags = 20_000

export function registryClient({
  http,
  credentials,
  hubHost = hubRegistry,
  insecureRegistries,
  allowsRealm,
}: Dependencies): RegistryClient {
  /** Loopback hosts that are known to use plain HTTP. */
  const plainHttpHosts = new Set<string>()
  const tokens: TokenCache = new Map()

  /** @returns undefined if `reference` is invalid */
  function locate(reference: string, signal: AbortSignal | undefined) {
    const parsed = parseReference(reference)
    if (!parsed) return undefined
    const place = locateRepository(parsed.repository)
    const location = { ...place, host: place.registry === hub ? hubHost : place.host }
    const repository = openRepository({
      ...location,
      ...{ http, credentials, allowsRealm, tokens, signal, reach: reachOf(location) },
    })
    return { ...location, version: parsed.version, repository }
  }

  /**
   * Tries https first. For the hosts for which the engine would, tries https without verification and then http. The
   * classic store does so after any failure of the connection, also a timeout (moby distribution/pull.go,
   * `pullEndpoints`; tested on 20.10). The containerd store of 26.1 does not after a timeout (tested).
   */
  function reachOf({ host, registry }: RepositoryLocation): Reach {
    const secure: Channel = { origin: `https://${host}` }
    const unverified: Channel = { ...secure, unverified: true }
    const plain: Channel = { origin: `http://${host}` }
    let known = plainHttpHosts.has(host) ? plain : undefined
    return async (request) => {
      if (known) return request(known)
      const first = await request(secure)
      if (!hasNoConnection(first)) return first
      if (!isLoopback(host) && (registry === hub || !(await isInsecureForEngine(host)))) return first
      const isUntrusted = !first.ok && first.error.code === 'registry-tls' && !isLoopback(host)
      for (const channel of isUntrusted ? [unverified, plain] : [plain]) {
        const next = await request(channel)
        if (hasNoConnection(next)) continue
        known = channel
        // Another engine, or another configuration, may not allow plain HTTP for other hosts.
        if (isLoopback(host)) plainHttpHosts.add(host)
        return next
      }
      return first
    }
  }

  /** The engine's settings are read each time, because they can change while it runs. */
  async function isInsecureForEngine(host: string): Promise<boolean> {
    const registries = await insecureRegistries?.().catch(() => undefined)
    return registries !== undefined && (await isInsecure(host, registries))
  }

  return {
    async head(reference, signal) {
      const located = locate(reference, signal)
      if (!located) return fail({ code: 'reference-invalid', reference })
      const { repository, registry, version } = located
      const head = await repository.ask(`manifests/${version}`, { method: 'HEAD', headers: acceptManifests })
      if (!head.ok) return head
      const response = await withErrorBody(head.value, repository, version)
      const failure = failureOf(response, located, reference)
      if (failure) return fail(failure)
      const mediaType = mediaTypeOf(response.header('content-type'))
      // An HTML page, or a captive portal that responds 200 to every request.
      if (response.status !== 200 || !/[+/]json$|prettyjws$/.test(mediaType))
        return fail({ code: 'registry-invalid-reply', host: registry })
      const digest = digestHeader(response) ?? (await computeDigest(repository, version))
      return ok({ mediaType, ...(digest !== undefined && { digest }) })
    },

    async contents(reference, platform, signal) {
      const located = locate(reference, signal)
      if (!located) return undefined
      const { repository, version } = located
      const head = await repository.ask(`manifests/${version}`, { method: 'HEAD', headers: acceptManifests })
      const digest = head.ok && head.value.status === 200 ? digestHeader(head.value) : undefined
      if (digest === undefined) return undefined
      // Reuses the authorization of the HEAD request and does not try to log in again.
      const get = async (path: string, accept: string) => {
        const response = await repository.askOnce(path, { headers: { accept } })
        return response.ok ? response.value : undefined
      }
      return await readContents(get, digest, platform)
    },

    async tags(reference, signal) {
      const located = locate(reference, signal)
      if (!located) return fail({ code: 'reference-invalid', reference })
      const { repository, registry, host } = located
      const tags = new Set<string>()
      let referrer: Referrer | undefined
      let isCut = false
      let path: string | undefined = `tags/list?n=${pageSize}`
      for (let page = 0; path && page < maxPages && tags.size < maxTags; page++) {
        const spec = { headers: acceptJson, referrer }
        const response: Result<HttpResponse, RegistryFailure> = await repository.ask(path, spec)
        if (!response.ok) return response
        const failure = failureOf(response.value, located, reference)
        if (failure) return fail(failure)
        const list = readJson(response.value, tagListReply, registry)
        if (!list.ok) return list
        const added = list.value.tags.slice(0, maxTags - tags.size)
        for (const tag of added) if (parseTag(`x:${tag}`)) tags.add(tag)
        path = nextPage(response.value)
        isCut = added.length < list.value.tags.length
        // The next page is read from the registry, also if it redirected this request to another host.
        const { url } = response.value
        referrer = url.host === new URL(`${url.protocol}//${host}`).host ? response.value.referrer : undefined
      }
      return ok({ tags: [...tags], more: isCut || path !== undefined })
    },
  }
}

const hasNoConnection = (reply: Result<unknown, RegistryFailure>): boolean =>
  !reply.ok && /^registry-(tls|unreachable|slow)$/.test(reply.error.code)

/** A response to HEAD has no body, in which some registries say that they have no such image. */
async function withErrorBody(response: HttpResponse, repository: Repository, version: string): Promise<HttpResponse> {
  if (response.status !== 404 || isRegistryReply(response)) return response
  const repeated = await repository.askOnce(`manifests/${version}`, { headers: acceptManifests })
  return repeated.ok && repeated.value.status === 404 ? repeated.value : response
}

/** A 404 that does not come from a registry says nothing about the image. */
const failureOf = (
  response: HttpResponse,
  { repository, registry }: { readonly repository: Repository; readonly registry: string },
  reference: string,
): RegistryFailure | undefined =>
  response.status === 404 && !isRegistryReply(response)
    ? refusalFailure(response, registry)
    : repository.failureOf(response, reference)

/** Downloads a manifest and computes its digest, for registries that do not send Docker-Content-Digest. */
async function computeDigest(repository: Repository, version: string): Promise<string | undefined> {
  const response = await repository.ask(`manifests/${version}`, { headers: acceptManifests })
  if (!response.ok || response.value.status !== 200 || response.value.body === '') return undefined
  const { body, header } = response.value
  // Schema 1 manifests are signed, and their digest does not cover the signature.
  if (!manifestTypes.includes(mediaTypeOf(header('content-type'))) || body.includes('\uFFFD')) return undefined
  return digestOf(body)
}

function digestHeader(response: HttpResponse): string | undefined {
  const digest = response.header('docker-content-digest')
  return digest && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : undefined
}

const mediaTypeOf = (contentType = '') => contentType.split(';')[0]!.trim()

/** The path of the next page from the Link header. @returns undefined if it is on another host or the same page */
function nextPage(response: HttpResponse): string | undefined {
  const [, link] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(response.header('link') ?? '') ?? []
  const next = link === undefined ? undefined : URL.parse(link, response.url.href)
  if (!next || next.host !== response.url.host) return undefined
  const nextPath = `${next.pathname}${next.search}`
  return nextPath === `${response.url.pathname}${response.url.search}` ? undefined : nextPath
}
