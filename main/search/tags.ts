/** Lists the tags of an image: from Docker Hub's web API, otherwise from its registry, otherwise from the catalogue. */
import { hub, parseReference } from '../../model/image/reference.ts'
import { locateRepository } from '../../model/image/registry-place.ts'
import { newestUsefulFirst } from '../../model/search/tags.ts'
import { fail, ok, type Failure, type Result, type TagList, type TagVariant } from '../../preload/contract/index.ts'
import type { RegistryClient } from '../registry/index.ts'
import type { Catalogue } from './catalogue.ts'
import { listHubTags, type HubTagOptions, type VariantList } from './hub-tags.ts'

export interface TagOptions extends HubTagOptions {
  readonly registry: RegistryClient
  readonly catalogue: Catalogue
  /** Timeout in milliseconds for the registry, including login and all pages. */
  readonly registryTimeoutMs: number
}

/** Tries the sources in order until one succeeds. The result contains the failure of the first source, if it failed. */
export async function listTags(text: string, options: TagOptions): Promise<Result<TagList, Failure>> {
  const repository = parseReference(text)?.repository
  if (repository === undefined) return fail({ code: 'reference-invalid', reference: text })
  const isOnHub = locateRepository(repository).registry === hub
  const fromHub = isOnHub ? await listHubTags(repository, options) : undefined
  if (fromHub?.ok) return ok({ repository, source: 'hub', ...fromHub.value })
  const failure = fromHub && { failure: fromHub.error }

  const fromRegistry = await listRegistryTags(repository, options)
  if (fromRegistry.ok) return ok({ repository, source: 'registry', ...fromRegistry.value, ...failure })
  const preferredFailure = failure ?? { failure: fromRegistry.error }

  const fromCatalogue = options.catalogue.tags(repository)
  if (fromCatalogue) return ok({ repository, source: 'catalogue', more: true, ...fromCatalogue, ...preferredFailure })
  const failures = [preferredFailure.failure, fromRegistry.error]
  return fail(failures.find(({ code }) => code === 'reference-unknown') ?? preferredFailure.failure)
}

async function listRegistryTags(
  repository: string,
  { registry, registryTimeoutMs }: TagOptions,
): Promise<Result<VariantList, Failure>> {
  const host = locateRepository(repository).registry
  const signal = AbortSignal.timeout(registryTimeoutMs)
  const timedOut = fail({ code: 'registry-slow', host } as const)
  const tagList = await registry.tags(repository, signal).catch((error: unknown) => {
    if (signal.aborted) return timedOut
    throw error
  })
  if (!tagList.ok) return tagList
  // Some mirrors always return an empty list, although a repository has at least one tag.
  if (tagList.value.tags.length === 0) return fail({ code: 'registry-invalid-reply', host })
  const variants = tagList.value.tags.map((tag): TagVariant => ({ tags: [tag], platforms: [] }))
  return ok({ variants: newestUsefulFirst(variants), more: tagList.value.more })
}
