/** The stored reads of images. An image id is a digest, so a read never becomes outdated. */
import * as v from 'valibot'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const numbers = v.array(v.number())

/**
 * Thousands of images share texts and digests, so these are in one table, and images have indices into it. `layers` and
 * `absent`: indices. `history`: triples of text index, size, and whether the step made no layer (-1: unknown). `blobs`:
 * pairs of digest index and size.
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
  // An invalid text keeps its index in the table, so that the other indices stay correct.
  const table = fields.value('texts', v.optional(v.array(v.fallback(v.nullable(v.string()), null)), []))
  const isText = (at: number | undefined) => at !== undefined && typeof table[at] === 'string'
  const pointsAtTexts = ({ layers, history, blobs = [], absent = [] }: StoredImage) =>
    [...layers, ...absent].every(isText) && firstOfEach(3, history).every(isText) && firstOfEach(2, blobs).every(isText)
  return {
    images: fields.map('images', v.pipe(image, v.check(pointsAtTexts))),
    texts: table.map((text) => text ?? ''),
  }
}

/** @returns the first number of each group of `size` numbers; undefined for an incomplete group */
const firstOfEach = (size: number, flat: readonly number[]) =>
  Array.from({ length: Math.ceil(flat.length / size) }, (_, group) =>
    flat.length < (group + 1) * size ? undefined : flat[group * size],
  )
