/** What was read of images, by the digests that cannot change: read once, and never asked for again. */
import * as v from 'valibot'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const numbers = v.array(v.number())

/**
 * Thousands of images share texts and digests, so these stand in one table and images point into it: `layers` by
 * number, `history` as text, size and whether it made no layer (-1: not told), in threes, `blobs` as digest and size, in pairs,
 * `absent` by number.
 */
const image = v.object({
  layers: numbers,
  history: numbers,
  layersSize: v.number(),
  contentSize: v.exactOptional(v.number()),
  blobs: v.exactOptional(numbers),
  absent: v.exactOptional(numbers),
})
type StoredImage = v.InferOutput<typeof image>

export interface LayersSection {
  readonly texts: string[]
  readonly images: Record<string, StoredImage>
}
export interface LayersFile {
  readonly engines: Record<string, LayersSection>
}
export type LayersStore = StoredFile<LayersFile>

export const readLayers = (fields: Fields): LayersFile => ({ engines: fields.objects('engines', readSection) })

function readSection(fields: Fields): LayersSection {
  // A bad text keeps its place in the table, or every image behind it would point at another text.
  const table = fields.value('texts', v.optional(v.array(v.fallback(v.nullable(v.string()), null)), []))
  const isText = (at: number | undefined) => at !== undefined && typeof table[at] === 'string'
  const pointsAtTexts = ({ layers, history, blobs = [], absent = [] }: StoredImage) =>
    [...layers, ...absent].every(isText) && firstOfEach(3, history).every(isText) && firstOfEach(2, blobs).every(isText)
  return {
    images: fields.map('images', v.pipe(image, v.check(pointsAtTexts))),
    texts: table.map((text) => text ?? ''),
  }
}

/** The first of each group of `size` numbers; undefined for a group that is not whole. */
const firstOfEach = (size: number, flat: readonly number[]) =>
  Array.from({ length: Math.ceil(flat.length / size) }, (_, group) =>
    flat.length < (group + 1) * size ? undefined : flat[group * size],
  )
