/** What was read of images, by the digests that cannot change: read once, and never asked for again. */
import * as v from 'valibot'
import type { StoredFile } from './file.ts'

const numbers = v.array(v.number())

/**
 * Thousands of images share texts and digests, so these stand in one table and images point into it: `layers` by
 * number, `history` as text, size and whether it made no layer (-1: not told), in threes, `blobs` as digest and size, in pairs.
 */
const section = v.object({
  texts: v.array(v.string()),
  images: v.record(
    v.string(),
    v.object({
      layers: numbers,
      history: numbers,
      layersSize: v.number(),
      contentSize: v.exactOptional(v.number()),
      blobs: v.exactOptional(numbers),
    }),
  ),
})
export const layersFile = v.object({ engines: v.optional(v.record(v.string(), section), {}) })
export type LayersFile = v.InferOutput<typeof layersFile>
export type LayersSection = v.InferOutput<typeof section>
export type LayersStore = StoredFile<LayersFile>
