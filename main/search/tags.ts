/** The tags of an image: from Docker Hub's web API, else its registry, else the catalogue. */
import { hub, parseReference } from '../../model/image/reference.ts'
import { registryPlace } from '../../model/image/registry-place.ts'
import { newestUsefulFirst } from '../../model/search/tags.ts'
import { fail, ok, type Failure, type Result, type TagList, type TagVariant } from '../../preload/contract/index.ts'
import type { RegistryClient } from '../registry/index.ts'
import type { Catalogue } from './catalogue.ts'
import { hubTags, type HubNeeds, type Listed } from './hub-tags.ts'

export interface TagNeeds extends HubNeeds {
  readonly registry: RegistryClient
  readonly catalogue: Catalogue
  /** How long the registry may take, login and all pages. */
  readonly registryWithin: number
}

export async function tagsOf(text: string, needs: TagNeeds): Promise<Result<TagList, Failure>> {
  const repository = parseReference(text)?.repository
  if (repository === undefined) return fail({ code: 'reference-wrong', reference: text })
  const ofHub = registryPlace(repository).registry === hub
  const fromHub = ofHub ? await hubTags(repository, needs) : undefined
  if (fromHub?.ok) return ok({ repository, source: 'hub', ...fromHub.value })
  const failure = fromHub && { failure: fromHub.error }

  const fromRegistry = await registryTags(repository, needs)
  if (fromRegistry.ok) return ok({ repository, source: 'registry', ...fromRegistry.value, ...failure })
  const why = failure ?? { failure: fromRegistry.error }

  const listed = needs.catalogue.tags(repository)
  if (listed) return ok({ repository, source: 'catalogue', more: true, ...listed, ...why })
  const told = [why.failure, fromRegistry.error]
  return fail(told.find(({ code }) => code === 'reference-unknown') ?? why.failure)
}

async function registryTags(
  repository: string,
  { registry, registryWithin }: TagNeeds,
): Promise<Result<Listed, Failure>> {
  const host = registryPlace(repository).registry
  const signal = AbortSignal.timeout(registryWithin)
  const slow = fail({ code: 'registry-slow', host } as const)
  const listed = await registry.tags(repository, signal).catch((error: unknown) => {
    if (signal.aborted) return slow
    throw error
  })
  if (!listed.ok) return listed
  // Some mirrors answer with an empty list whatever there is, and a repository without a tag is none.
  if (listed.value.tags.length === 0) return fail({ code: 'registry-nonsense', host })
  const variants = listed.value.tags.map((tag): TagVariant => ({ tags: [tag], platforms: [] }))
  return ok({ variants: newestUsefulFirst(variants), more: listed.value.more })
}
