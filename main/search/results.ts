/** Parses the search results of all sources and converts them to a list without duplicates. */
import * as v from 'valibot'
import { parseReference } from '../../model/image/reference.ts'
import type { FoundImage } from '../../preload/contract/index.ts'
import type { Catalogue } from './catalogue.ts'

/** One image in the reply of a source. */
export interface SearchHit {
  readonly name: string
  readonly description: string
  readonly official: boolean
  readonly stars?: number | undefined
  readonly automated?: boolean | undefined
}

const maxImages = 100
const maxDescriptionLength = 500

const text = v.fallback(v.nullish(v.string(), ''), '')
const flag = v.fallback(v.nullish(v.boolean(), false), false)
const count = v.fallback(v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))), undefined)

/** An entry of Docker Hub's web API. */
const hubImage = v.pipe(
  v.object({
    repo_name: v.string(),
    short_description: text,
    star_count: count,
    is_official: flag,
    is_automated: flag,
  }),
  v.transform((reply): SearchHit => ({
    name: reply.repo_name,
    description: reply.short_description,
    official: reply.is_official,
    stars: reply.star_count ?? undefined,
    automated: reply.is_automated || undefined,
  })),
)
/** An entry of the v1 registry search API, which the engine returns unchanged. */
const v1Image = v.pipe(
  v.object({ name: v.string(), description: text, star_count: count, is_official: flag, is_automated: flag }),
  v.transform((reply): SearchHit => ({
    name: reply.name,
    description: reply.description,
    official: reply.is_official,
    stars: reply.star_count ?? undefined,
    automated: reply.is_automated,
  })),
)

/** A list whose invalid entries are left out. */
const listOf = <Entry extends v.GenericSchema<unknown, SearchHit>>(entry: Entry) =>
  v.pipe(
    v.array(v.unknown()),
    v.transform((values): SearchHit[] =>
      values.flatMap((value) => {
        const parsed = v.safeParse(entry, value)
        return parsed.success ? [parsed.output] : []
      }),
    ),
  )

export const hubReply = v.object({ results: listOf(hubImage) })
export const hostReply = v.object({ results: listOf(v1Image) })
/** Go encodes an empty list as null. */
export const engineReply = v.nullish(listOf(v1Image), [])

/** Converts search hits, in the source's order, and adds details from the catalogue. */
export function toFoundImages(hits: readonly SearchHit[], catalogue: Catalogue): FoundImage[] {
  const found = new Map<string, FoundImage>()
  for (const hit of hits) {
    const repository = parseReference(hit.name)?.repository
    if (repository === undefined || found.has(repository)) continue
    const catalogueImage = catalogue.find(repository)
    const stars = hit.stars ?? catalogueImage?.stars
    found.set(repository, {
      repository,
      description: oneLine(hit.description) || (catalogueImage?.description ?? ''),
      // Only images without a namespace can be official, whatever the source claims.
      official: catalogueImage !== undefined || (hit.official && !repository.includes('/')),
      ...(stars !== undefined && { stars }),
      ...(hit.automated !== undefined && { automated: hit.automated }),
      ...(catalogueImage?.known && { known: catalogueImage.known }),
    })
    if (found.size === maxImages) break
  }
  return [...found.values()]
}

function oneLine(text: string): string {
  const line = text
    .slice(0, 4 * maxDescriptionLength)
    .replace(/\s+/g, ' ')
    .trim()
  return line.slice(0, maxDescriptionLength).toWellFormed()
}
