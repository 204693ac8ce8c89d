/** What sources answer to a search, made one list: by its name, in one line, each image once. */
import * as v from 'valibot'
import { parseReference } from '../../model/image/reference.ts'
import type { FoundImage } from '../../preload/contract/index.ts'
import type { Catalogue } from './catalogue.ts'

/** One image as a source tells of it. */
export interface Told {
  readonly name: string
  readonly description: string
  readonly official: boolean
  readonly stars?: number | undefined
  readonly automated?: boolean | undefined
}

const mostImages = 100
const longestDescription = 500

const text = v.fallback(v.nullish(v.string(), ''), '')
const flag = v.fallback(v.nullish(v.boolean(), false), false)
const count = v.fallback(v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))), undefined)

/** Docker Hub's web API. */
const hubImage = v.pipe(
  v.object({
    repo_name: v.string(),
    short_description: text,
    star_count: count,
    is_official: flag,
    is_automated: flag,
  }),
  v.transform((reply): Told => ({
    name: reply.repo_name,
    description: reply.short_description,
    official: reply.is_official,
    stars: reply.star_count ?? undefined,
    automated: reply.is_automated || undefined,
  })),
)
/** The old search of registries, which the engine passes on. */
const plainImage = v.pipe(
  v.object({ name: v.string(), description: text, star_count: count, is_official: flag, is_automated: flag }),
  v.transform((reply): Told => ({
    name: reply.name,
    description: reply.description,
    official: reply.is_official,
    stars: reply.star_count ?? undefined,
    automated: reply.is_automated,
  })),
)

/** A list whose broken entries are left out. */
const listOf = <Entry extends v.GenericSchema<unknown, Told>>(entry: Entry) =>
  v.pipe(
    v.array(v.unknown()),
    v.transform((all): Told[] =>
      all.flatMap((one) => {
        const read = v.safeParse(entry, one)
        return read.success ? [read.output] : []
      }),
    ),
  )

export const hubReply = v.object({ results: listOf(hubImage) })
export const hostReply = v.object({ results: listOf(plainImage) })
/** Go writes an empty list as null. */
export const engineReply = v.nullish(listOf(plainImage), [])

/** In their source's order, with what the catalogue knows besides. */
export function foundImages(told: readonly Told[], catalogue: Catalogue): FoundImage[] {
  const found = new Map<string, FoundImage>()
  for (const one of told) {
    const repository = parseReference(one.name)?.repository
    if (repository === undefined || found.has(repository)) continue
    const listed = catalogue.known(repository)
    const stars = one.stars ?? listed?.stars
    found.set(repository, {
      repository,
      description: oneLine(one.description) || (listed?.description ?? ''),
      // Docker Hub's own images have the short names, whatever a source claims of others.
      official: listed !== undefined || (one.official && !repository.includes('/')),
      ...(stars !== undefined && { stars }),
      ...(one.automated !== undefined && { automated: one.automated }),
      ...(listed?.known && { known: listed.known }),
    })
    if (found.size === mostImages) break
  }
  return [...found.values()]
}

function oneLine(text: string): string {
  const line = text
    .slice(0, 4 * longestDescription)
    .replace(/\s+/g, ' ')
    .trim()
  return line.slice(0, longestDescription).toWellFormed()
}
