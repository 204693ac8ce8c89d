/**
 * The file of the images' layers. An image id is a digest, so an entry becomes outdated only if it has `absent` digests;
 * main/layers/reads.ts checks these entries.
 */
import * as v from 'valibot'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const numbers = v.array(v.number())

/**
 * One image. Thousands of images have the same texts and digests, so these are stored once, in the table `texts`.
 * `layers` and `absent` are indices into the table. `history` has three numbers for each step: the index of its text, its
 * size, and whether the step made no layer (1, 0, or -1 if unknown). `blobs` has two numbers for each blob: the index of
 * its digest, and its size.
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
  const isText = (index: number | undefined) => index !== undefined && typeof table[index] === 'string'
  const hasValidIndices = ({ layers, history, blobs = [], absent = [] }: StoredImage) =>
    [...layers, ...absent].every(isText) && firstOfEach(3, history).every(isText) && firstOfEach(2, blobs).every(isText)
  return {
    images: fields.map('images', v.pipe(image, v.check(hasValidIndices))),
    texts: table.map((text) => text ?? ''),
  }
}

/** @returns the first number of each group of `size` numbers; undefined for an incomplete group */
const firstOfEach = (size: number, flat: readonly number[]) =>
  Array.from({ length: Math.ceil(flat.length / size) }, (_, group) =>
    flat.length < (group + 1) * size ? undefined : flat[group * size],
  )
