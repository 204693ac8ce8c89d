/** The responses of each host of the Docker Hub stub while the host behaves normally. */
import type { Registry } from '../registry.ts'
import { readTagNames, readTags } from './registry-tags.ts'
import type { EnsureTag } from './missing-images.ts'
import { findRepository, readRepositories, type Repository } from './repositories.ts'
import { createToken } from './tokens.ts'

/** Docker Hub's hosts, and one mirror that answers searches. */
export const hubHosts = [
  'hub.docker.com',
  'index.docker.io',
  'registry-1.docker.io',
  'auth.docker.io',
  'docker.1ms.run',
] as const
export type HubHost = (typeof hubHosts)[number]

export interface StubResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A text, or a value that is sent as JSON. */
  readonly body: unknown
}

/** Responds to a request for one host. `forward`: the request must be forwarded to the registry. */
export type Responder = (
  host: HubHost,
  url: URL,
  authorization: string | undefined,
) => Promise<StubResponse | 'forward'>

/** @param ensureTag called before a manifest request is forwarded to the registry */
export function hubResponder(registry: Pick<Registry, 'directHost'>, ensureTag?: EnsureTag): Responder {
  const repositories = readRepositories()

  return async (host, url, authorization) => {
    switch (host) {
      case 'hub.docker.com':
        return respondWebApi(url)
      case 'index.docker.io':
      case 'docker.1ms.run':
        return respondLegacySearch(url)
      case 'auth.docker.io':
        return url.pathname === '/token' ? tokenResponse(authorization) : notFound
      case 'registry-1.docker.io':
        return respondRegistry(url, authorization)
    }
  }

  /** Docker documents only the part for tags: https://docs.docker.com/reference/api/hub/latest/ */
  async function respondWebApi(url: URL): Promise<StubResponse> {
    const query = url.searchParams
    if (url.pathname === '/v2/search/repositories/') {
      const results = searchRepositories(query.get('query') ?? '').map(
        ({ name, description, stars, pulls, official, automated }) => ({
          repo_name: name,
          short_description: description,
          star_count: stars,
          pull_count: pulls,
          repo_owner: '',
          is_automated: automated,
          is_official: official,
        }),
      )
      return ok(page(results, url, 25))
    }
    if (url.pathname === '/v2/repositories/library/') {
      const officialRepositories = repositories.filter(({ official }) => official).toSorted((a, b) => b.pulls - a.pulls)
      const results = officialRepositories.map(({ name, description, stars, pulls }) => ({
        name,
        namespace: 'library',
        description,
        star_count: stars,
        pull_count: pulls,
      }))
      return ok(page(results, url, 10))
    }
    const [, namespace, name, , tagName] =
      /^\/v2\/namespaces\/([^/]+)\/repositories\/([^/]+)\/tags(\/([^/]+))?\/?$/.exec(url.pathname) ?? []
    if (!namespace || !name) return notFound
    const tags = await listTags(`${namespace}/${name}`)
    if (!tags) return notFound
    if (tagName === undefined) return ok(page(tags, url, 10))
    const tag = tags.find(({ name }) => name === tagName)
    return tag ? ok(tag) : notFound
  }

  /**
   * Newest first. A tag in the registry replaces the invented tag of the same name.
   * @returns undefined if the repository is unknown
   */
  async function listTags(path: string) {
    const registryTags = await readTags(registry.directHost, path)
    const repository = findRepository(repositories, path)
    if (!repository && registryTags.length === 0) return undefined
    const registryNames = new Set(registryTags.map(({ name }) => name))
    const inventedTags = (repository?.tags ?? []).filter(({ name }) => !registryNames.has(name))
    return [...registryTags, ...inventedTags].sort((a, b) => Date.parse(b.last_updated) - Date.parse(a.last_updated))
  }

  /** The search of registry API version 1, which engines still use. */
  function respondLegacySearch(url: URL): StubResponse {
    if (url.pathname === '/v1/_ping') return { ...ok(true), headers: { 'x-docker-registry-standalone': 'true' } }
    if (url.pathname !== '/v1/search') return notFound
    const query = url.searchParams.get('q') ?? ''
    const size = Number(url.searchParams.get('n') ?? 25)
    if (!(size >= 1 && size <= 100)) return { status: 400, body: { message: 'n must be from 1 to 100' } }
    const found = searchRepositories(query)
    const results = found.slice(0, size).map(({ name, description, stars, official, automated }) => ({
      name,
      description,
      star_count: stars,
      is_official: official,
      is_automated: automated,
      is_trusted: automated,
    }))
    return ok({ query, num_results: found.length, num_pages: 1, page: 1, page_size: size, results })
  }

  async function respondRegistry(url: URL, authorization: string | undefined): Promise<StubResponse | 'forward'> {
    const [, path, resource, reference] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)/.exec(url.pathname) ?? []
    if (!authorization?.startsWith('Bearer ')) return unauthorized(path)
    if (path === undefined) return 'forward'
    const repository = findRepository(repositories, path)
    const registryNames = await readTagNames(registry.directHost, path)
    // Docker Hub gives the same response for a private repository and for one that does not exist.
    if (!repository && registryNames.length === 0) return unauthorized(path, 'insufficient_scope')
    if (resource === 'manifests' && reference) await ensureTag?.(path, reference)
    return 'forward'
  }

  /** Repositories with all words in their name or description: the exact name first, then official ones, then by stars. */
  function searchRepositories(query: string): readonly Repository[] {
    const words = query
      .toLowerCase()
      .replace(/^library\//, '')
      .split(/\s+/)
    const found = repositories.filter(({ name, description }) =>
      words.every((word) => `${name} ${description}`.toLowerCase().includes(word)),
    )
    const rank = ({ name, official }: Repository) => (name === query.toLowerCase() ? 2 : official ? 1 : 0)
    return found.toSorted((a, b) => rank(b) - rank(a))
  }
}

const ok = (body: unknown): StubResponse => ({ status: 200, body })
function tokenResponse(authorization: string | undefined): StubResponse {
  const token = createToken(authorization)
  return token ? ok(token) : { status: 401, body: { details: 'incorrect username or password' } }
}

const notFound: StubResponse = { status: 404, body: { message: 'object not found', errinfo: {} } }

/** The page of results that a URL's `page` and `page_size` select, with the URLs of the pages next to it. */
function page(all: readonly unknown[], url: URL, defaultSize: number) {
  const size = Math.min(100, Number(url.searchParams.get('page_size')) || defaultSize)
  const number = Number(url.searchParams.get('page')) || 1
  const pageUrl = (pageNumber: number) => {
    const result = new URL(url)
    result.searchParams.set('page', String(pageNumber))
    return result.href
  }
  return {
    count: all.length,
    next: number * size < all.length ? pageUrl(number + 1) : null,
    previous: number > 1 ? pageUrl(number - 1) : null,
    results: all.slice((number - 1) * size, number * size),
  }
}

function unauthorized(path: string | undefined, error?: string): StubResponse {
  const challenge = [
    'realm="https://auth.docker.io/token"',
    'service="registry.docker.io"',
    ...(path ? [`scope="repository:${path}:pull"`] : []),
    ...(error ? [`error="${error}"`] : []),
  ]
  return {
    status: 401,
    headers: {
      'www-authenticate': `Bearer ${challenge.join(',')}`,
      'docker-distribution-api-version': 'registry/2.0',
    },
    body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }] },
  }
}
