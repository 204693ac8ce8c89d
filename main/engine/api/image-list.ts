/** Lists images. Source: Docker Engine API, ImageList. */
import * as v from 'valibot'
import type { Image } from '../../../model/image/image.ts'
import { id, list, listedDate, malformedPart, names, namesOf, parent, text } from './replies.ts'
import { ask, type Query } from './request.ts'
import type { EngineSession } from './session.ts'

/** An image with its labels. Labels stay in the main process, because each may be 10,000 bytes long. */
export interface KnownImage extends Image {
  /** `name=value` pairs, in lower case. */
  readonly labels: readonly string[]
}

/** @returns the labels in the form in which the image filter searches them */
export const searchableLabels = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`.toLowerCase())

/** Docker never sends null as a label's value, but other engines do. */
export const labels = v.nullish(v.record(v.string(), text), {})

/** Engines report -1 for a size that is not known. */
export const imageSize = v.pipe(
  v.nullish(v.number(), -1),
  v.transform((bytes): Pick<Image, 'size' | 'sizeUnknown'> =>
    bytes < 0 ? { size: 0, sizeUnknown: true } : { size: bytes },
  ),
)

const imageRow = v.object({
  Id: id,
  ParentId: parent,
  RepoTags: names,
  RepoDigests: names,
  Created: listedDate,
  Size: imageSize,
  Labels: labels,
})

const readableNames = v.pipe(
  v.fallback(v.array(v.unknown()), []),
  v.transform((items) => namesOf(items.filter((name) => typeof name === 'string'))),
)
/** Parses the readable fields of a malformed row. */
const malformedRow = v.object({
  Id: id,
  ParentId: v.fallback(parent, {}),
  RepoTags: readableNames,
  RepoDigests: readableNames,
  Created: v.fallback(listedDate, 0),
  Size: v.fallback(imageSize, { size: 0, sizeUnknown: true }),
  Labels: v.fallback(labels, {}),
})

const fromRow = (row: v.InferOutput<typeof imageRow>): KnownImage => ({
  id: row.Id,
  references: row.RepoTags,
  digests: row.RepoDigests,
  created: row.Created,
  ...row.Size,
  labels: searchableLabels(row.Labels),
  ...row.ParentId,
})

/**
 * Parses a reply of `GET /images/json`. A malformed row becomes an image that has the row's readable fields and is marked
 * as unreadable. A row without an id is logged and skipped. Throws if the reply is not a list.
 */
export function parseImageRows(reply: unknown): KnownImage[] {
  return v.parse(list(v.unknown()), reply).flatMap((row): KnownImage[] => {
    const parsed = v.safeParse(imageRow, row)
    if (parsed.success) return [fromRow(parsed.output)]
    const malformed = v.safeParse(malformedRow, row)
    if (malformed.success) return [{ ...fromRow(malformed.output), unreadable: malformedPart(parsed.issues) }]
    console.warn('Skipping a listed image without an id:', malformedPart(parsed.issues))
    return []
  })
}

interface ListFilter {
  /** Includes intermediate build steps. */
  readonly all?: boolean
  readonly filters?: Readonly<Record<string, readonly string[]>>
}

/** Listing 5,000 images takes the containerd store one minute. */
const listTimeoutMs = 300_000

/** @returns the images that match the filters; each has only the names that match. Timeout: 5 min. */
export async function listImages(session: EngineSession, { all = false, filters }: ListFilter): Promise<KnownImage[]> {
  const query: Query = { ...(all && { all }), ...(filters && { filters }) }
  return parseImageRows(await ask(session, v.unknown(), { path: '/images/json', query, timeoutMs: listTimeoutMs }))
}
