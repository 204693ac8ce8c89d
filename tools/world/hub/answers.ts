/** What each host of the stub answers when all is well. */
import type { Registry } from '../registry.ts'
import { heldNames, heldTags } from './registry-tags.ts'
import type { Bring } from './on-demand.ts'
import { findRepository, readRepositories, type Repository } from './repositories.ts'
import { tokenFor } from './tokens.ts'

/** Docker Hub's hosts, and one mirror that answers searches. */
export const hosts = [
  'hub.docker.com',
  'index.docker.io',
  'registry-1.docker.io',
  'auth.docker.io',
  'docker.1ms.run',
] as const
export type HubHost = (typeof hosts)[number]

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Asked of one host. `forward` leaves the answer to the registry. */
export type Answers = (host: HubHost, url: URL, authorization: string | undefined) => Promise<Answer | 'forward'>

/** The answers over what the registry holds, and what is brought there when it is asked for. */
export function answersOver(registry: Pick<Registry, 'direct'>, bring?: Bring): Answers {
  const repositories = readRepositories()

  return async (host, url, authorization) => {
    switch (host) {
      case 'hub.docker.com':
        return webApi(url)
      case 'index.docker.io':
      case 'docker.1ms.run':
        return oldSearch(url)
      case 'auth.docker.io':
        return url.pathname === '/token' ? loggedIn(authorization) : missing
      case 'registry-1.docker.io':
        return registryApi(url, authorization)
    }
  }

  /** Undocumented but for the tags: https://docs.docker.com/reference/api/hub/latest/ */
  async function webApi(url: URL): Promise<Answer> {
    const query = url.searchParams
    if (url.pathname === '/v2/search/repositories/') {
      const found = matching(query.get('query') ?? '').map(
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
      return well(page(found, url, 25))
    }
    if (url.pathname === '/v2/repositories/library/') {
      const official = repositories.filter(({ official }) => official).toSorted((a, b) => b.pulls - a.pulls)
      const told = official.map(({ name, description, stars, pulls }) => ({
        name,
        namespace: 'library',
        description,
        star_count: stars,
        pull_count: pulls,
      }))
      return well(page(told, url, 10))
    }
    const [, namespace, name, , wanted] =
      /^\/v2\/namespaces\/([^/]+)\/repositories\/([^/]+)\/tags(\/([^/]+))?\/?$/.exec(url.pathname) ?? []
    if (!namespace || !name) return missing
    const tags = await tagsOf(`${namespace}/${name}`)
    if (!tags) return missing
    if (wanted === undefined) return well(page(tags, url, 10))
    const tag = tags.find((each) => each.name === wanted)
    return tag ? well(tag) : missing
  }

  /** The newest first; what the registry really holds takes the place of what is made up. */
  async function tagsOf(path: string) {
    const held = await heldTags(registry.direct, path)
    const known = findRepository(repositories, path)
    if (!known && held.length === 0) return undefined
    const names = new Set(held.map(({ name }) => name))
    const madeUp = (known?.tags ?? []).filter(({ name }) => !names.has(name))
    return [...held, ...madeUp].sort((a, b) => Date.parse(b.last_updated) - Date.parse(a.last_updated))
  }

  /** The search of the first registries, which engines still ask. */
  function oldSearch(url: URL): Answer {
    if (url.pathname === '/v1/_ping') return { ...well(true), headers: { 'x-docker-registry-standalone': 'true' } }
    if (url.pathname !== '/v1/search') return missing
    const query = url.searchParams.get('q') ?? ''
    const size = Number(url.searchParams.get('n') ?? 25)
    if (!(size >= 1 && size <= 100)) return { status: 400, body: { message: 'n must be from 1 to 100' } }
    const found = matching(query)
    const results = found.slice(0, size).map(({ name, description, stars, official, automated }) => ({
      name,
      description,
      star_count: stars,
      is_official: official,
      is_automated: automated,
      is_trusted: automated,
    }))
    return well({ query, num_results: found.length, num_pages: 1, page: 1, page_size: size, results })
  }

  async function registryApi(url: URL, authorization: string | undefined): Promise<Answer | 'forward'> {
    const [, path, what, which] = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)/.exec(url.pathname) ?? []
    if (!authorization?.startsWith('Bearer ')) return unauthorized(path)
    if (path === undefined) return 'forward'
    const known = findRepository(repositories, path)
    const held = await heldNames(registry.direct, path)
    // Docker Hub does not tell what is private from what is not there.
    if (!known && held.length === 0) return unauthorized(path, 'insufficient_scope')
    if (what === 'manifests' && which) await bring?.(path, which)
    return 'forward'
  }

  /** By words in name or description: the exact name first, then official ones, then by stars. */
  function matching(query: string): readonly Repository[] {
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

const well = (body: unknown): Answer => ({ status: 200, body })
function loggedIn(authorization: string | undefined): Answer {
  const token = tokenFor(authorization)
  return token ? well(token) : { status: 401, body: { details: 'incorrect username or password' } }
}

const missing: Answer = { status: 404, body: { message: 'object not found', errinfo: {} } }

function page(all: readonly unknown[], url: URL, usual: number) {
  const size = Math.min(100, Number(url.searchParams.get('page_size')) || usual)
  const number = Number(url.searchParams.get('page')) || 1
  const other = (which: number) => {
    const address = new URL(url)
    address.searchParams.set('page', String(which))
    return address.href
  }
  return {
    count: all.length,
    next: number * size < all.length ? other(number + 1) : null,
    previous: number > 1 ? other(number - 1) : null,
    results: all.slice((number - 1) * size, number * size),
  }
}

function unauthorized(path: string | undefined, error?: string): Answer {
  const details = [
    'realm="https://auth.docker.io/token"',
    'service="registry.docker.io"',
    ...(path ? [`scope="repository:${path}:pull"`] : []),
    ...(error ? [`error="${error}"`] : []),
  ]
  return {
    status: 401,
    headers: {
      'www-authenticate': `Bearer ${details.join(',')}`,
      'docker-distribution-api-version': 'registry/2.0',
    },
    body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }] },
  }
}
