/** Finds images in registries: search, featured images, and the tags of an image. */
import { hub, parseReference } from '../../model/image/reference.ts'
import { locateRepository } from '../../model/image/registry-place.ts'
import {
  fail,
  ok,
  type Handlers,
  type Publish,
  type RegistryFailure,
  type Result,
} from '../../preload/contract/index.ts'
import type { Engine } from '../engine/index.ts'
import { untrustedRegistry, type Http, type ManifestHead, type RegistryClient } from '../registry/index.ts'
import { readCatalogue } from './catalogue.ts'
import { searchRace } from './race.ts'
import { engineSource, hostSource, hubSource } from './sources.ts'
import { listTags } from './tags.ts'

export interface Search {
  readonly handlers: Handlers<'search'>
  /** Resolves a tag or digest at the registry; for Docker Hub images, at the best mirror if Docker Hub fails. */
  checkReference(reference: string): Promise<Result<{ readonly digest?: string }, RegistryFailure>>
  /** Whether the registry still has the image with this digest, so that it can be pulled again. */
  digestExists(repository: string, digest: string): Promise<Result<boolean, RegistryFailure>>
  /** Cancels the current search. */
  end(): void
}

interface Dependencies {
  readonly engine: Pick<Engine, 'session'>
  readonly publish: Publish
  readonly registry: RegistryClient
  readonly http: Http
  /** Hosts, besides Docker Hub, that offer the v1 search API. */
  readonly searchHosts: readonly string[]
  /** The engine's platform, such as `linux/arm64`; undefined if unknown. */
  readonly platform: () => string | undefined
  /** Mirrors that can serve a Docker Hub image, best first. */
  readonly sourcesFor?: (reference: string) => readonly { readonly address: string }[]
  readonly hubApi?: string
  /** In milliseconds. */
  readonly times?: Partial<typeof defaultTimesMs>
}

const defaultTimesMs = {
  /** The delay between the last key press and the search. */
  debounce: 200,
  /** How long the best source searches alone. */
  headStart: 400,
  /** Timeouts. */
  source: 10_000,
  hubTags: 8_000,
  registry: 10_000,
}

export function searchService(dependencies: Dependencies): Search {
  const { engine, publish, registry, http, searchHosts, platform, hubApi = 'https://hub.docker.com' } = dependencies
  const timesMs = { ...defaultTimesMs, ...dependencies.times }
  // Read on first use, to keep startup fast.
  let loadedCatalogue: ReturnType<typeof readCatalogue> | undefined
  const catalogue = () => (loadedCatalogue ??= readCatalogue())
  let startedRace: ReturnType<typeof searchRace> | undefined
  const race = () =>
    (startedRace ??= searchRace({
      sources: [
        hubSource(http, hubApi, timesMs.source),
        ...searchHosts.map((host) => hostSource(http, host, timesMs.source)),
        engineSource(engine, timesMs.source),
      ],
      catalogue: catalogue(),
      publish: (answer) => publish('search.answered', answer),
      debounceMs: timesMs.debounce,
      headStartMs: timesMs.headStart,
    }))

  /** Asks the registry for the digest of a reference. If Docker Hub is unreachable or refuses, asks the best mirror. */
  async function findDigest(reference: string): Promise<Result<Pick<ManifestHead, 'digest'>, RegistryFailure>> {
    const fromRegistry = await findDigestAtRegistry(reference)
    const parsed = parseReference(reference)
    if (fromRegistry.ok || !parsed || !canTryMirror(fromRegistry.error)) return fromRegistry
    const [mirror] = dependencies.sourcesFor?.(reference) ?? []
    if (!mirror) return fromRegistry
    const { path } = locateRepository(parsed.repository)
    const signal = AbortSignal.timeout(timesMs.registry)
    const options = { address: mirror.address, host: hub, path, timeoutMs: timesMs.registry, signal }
    const fromMirror = await untrustedRegistry(http, options)
      .manifest(parsed.version)
      .catch(() => fromRegistry)
    return fromMirror.ok && fromMirror.value.digest !== undefined
      ? ok({ digest: fromMirror.value.digest })
      : fromRegistry
  }

  async function findDigestAtRegistry(reference: string): Promise<Result<ManifestHead, RegistryFailure>> {
    const signal = AbortSignal.timeout(timesMs.registry)
    try {
      return await registry.head(reference, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      const parsed = parseReference(reference)
      return fail({ code: 'registry-slow', host: parsed ? locateRepository(parsed.repository).registry : hub })
    }
  }

  return {
    handlers: {
      'search.query': (words) => ok(race().search(words)),
      'search.featured': () => ok(catalogue().featured()),
      'search.tags': (text) =>
        listTags(text, {
          ...{ http, hubApi, platform, registry, hubTimeoutMs: timesMs.hubTags, registryTimeoutMs: timesMs.registry },
          catalogue: catalogue(),
        }),
    },
    checkReference: findDigest,
    async digestExists(repository, digest) {
      const result = await findDigest(`${repository}@${digest}`)
      // A host that accepts every digest may respond with a different one.
      if (result.ok) return ok((result.value.digest ?? digest) === digest)
      return result.error.code === 'reference-unknown' ? ok(false) : result
    },
    end: () => startedRace?.end(),
  }
}

const canTryMirror = ({ code }: RegistryFailure) =>
  /^registry-(unreachable|proxy|slow|tls|limited|region|invalid-reply|redirects|error)$/.test(code)
