/** Finding images that are not here: by words, by fame, and the tags of one of them. */
import { hub, parseReference } from '../../model/image/reference.ts'
import { registryPlace } from '../../model/image/registry-place.ts'
import {
  fail,
  ok,
  type Handlers,
  type Publish,
  type RegistryFailure,
  type Result,
} from '../../preload/contract/index.ts'
import type { Engine } from '../engine/index.ts'
import { guestOf, type Http, type ManifestHead, type RegistryClient } from '../registry/index.ts'
import { readCatalogue } from './catalogue.ts'
import { searchRace } from './race.ts'
import { engineSource, hostSource, hubSource } from './sources.ts'
import { tagsOf } from './tags.ts'

export interface Search {
  readonly handlers: Handlers<'search'>
  /** The digest that the registry, or for Docker Hub's images the best mirror, has under this tag or digest. */
  check(reference: string): Promise<Result<{ readonly digest?: string }, RegistryFailure>>
  /** Whether the registry still has that very image, so that it can be pulled again. */
  stillThere(repository: string, digest: string): Promise<Result<boolean, RegistryFailure>>
  /** Nothing is asked or told any more. */
  end(): void
}

interface Needs {
  readonly engine: Pick<Engine, 'session'>
  readonly publish: Publish
  readonly registry: RegistryClient
  readonly http: Http
  /** Hosts, besides Docker Hub, that answer searches. */
  readonly searchHosts: readonly string[]
  /** The engine's platform, as `linux/arm64`, where it is known. */
  readonly platform: () => string | undefined
  /** Where Docker Hub's images may be had instead, the best first. */
  readonly sourcesFor?: (reference: string) => readonly { readonly address: string }[]
  readonly hubApi?: string
  /** In milliseconds. */
  readonly times?: Partial<typeof usualTimes>
}

const usualTimes = {
  /** How long the user rests before a search goes out; then how long the best source is asked alone. */
  rest: 200,
  headStart: 400,
  /** When a source is given up. */
  source: 10_000,
  hubTags: 8_000,
  registry: 10_000,
}

export function searchService(needs: Needs): Search {
  const { engine, publish, registry, http, searchHosts, platform, hubApi = 'https://hub.docker.com' } = needs
  const times = { ...usualTimes, ...needs.times }
  let read: ReturnType<typeof readCatalogue> | undefined
  const catalogue = () => (read ??= readCatalogue())
  let started: ReturnType<typeof searchRace> | undefined
  const race = () =>
    (started ??= searchRace({
      sources: [
        hubSource(http, hubApi, times.source),
        ...searchHosts.map((host) => hostSource(http, host, times.source)),
        engineSource(engine, times.source),
      ],
      catalogue: catalogue(),
      publish: (answer) => publish('search.answered', answer),
      rest: times.rest,
      headStart: times.headStart,
    }))

  /** Asked of the registry; where Docker Hub does not let one ask, of the best mirror, as its guest. */
  async function head(reference: string): Promise<Result<Pick<ManifestHead, 'digest'>, RegistryFailure>> {
    const found = await headAt(reference)
    const wanted = parseReference(reference)
    if (found.ok || !wanted || !mayAskElsewhere(found.error)) return found
    const [source] = needs.sourcesFor?.(reference) ?? []
    if (!source) return found
    const { path } = registryPlace(wanted.repository)
    const signal = AbortSignal.timeout(times.registry)
    const visit = { address: source.address, host: hub, path, patience: times.registry, signal }
    const seen = await guestOf(http, visit)
      .manifest(wanted.version)
      .catch(() => found)
    return seen.ok && seen.value.digest !== undefined ? ok({ digest: seen.value.digest }) : found
  }

  async function headAt(reference: string): Promise<Result<ManifestHead, RegistryFailure>> {
    const signal = AbortSignal.timeout(times.registry)
    try {
      return await registry.head(reference, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      const wanted = parseReference(reference)
      return fail({ code: 'registry-slow', host: wanted ? registryPlace(wanted.repository).registry : hub })
    }
  }

  return {
    handlers: {
      'search.query': (words) => ok(race().search(words)),
      'search.featured': () => ok(catalogue().featured()),
      'search.tags': (text) =>
        tagsOf(text, {
          ...{ http, hubApi, platform, registry, within: times.hubTags, registryWithin: times.registry },
          catalogue: catalogue(),
        }),
    },
    check: head,
    async stillThere(repository, digest) {
      const found = await head(`${repository}@${digest}`)
      // A host that says yes to everything may name another one.
      if (found.ok) return ok((found.value.digest ?? digest) === digest)
      return found.error.code === 'reference-unknown' ? ok(false) : found
    },
    end: () => started?.end(),
  }
}

const mayAskElsewhere = ({ code }: RegistryFailure) =>
  /^registry-(unreachable|slow|tls|limited|nonsense|redirects|error)$/.test(code)
