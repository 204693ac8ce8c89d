/** Which removals of one plan may go on at the same time. */
import type { ImageId } from '../image/image.ts'

/**
 * For each image the earlier ones of the list that must be gone before it: those that it shares a layer with. Of those
 * that share one layer only the last is named, which has waited for the others. An image whose layers are not known, or
 * that has none, may share with any.
 */
export function predecessorsOf(
  images: readonly ImageId[],
  layersOf: (image: ImageId) => readonly number[] | undefined,
): number[][] {
  const lastWith = new Map<number, number>()
  let lastUnknown = -1
  return images.map((image, at) => {
    const layers = layersOf(image) ?? []
    if (layers.length === 0) {
      const all = Array.from({ length: at - Math.max(lastUnknown, 0) }, (_, i) => Math.max(lastUnknown, 0) + i)
      lastUnknown = at
      lastWith.clear()
      return all
    }
    const earlier = new Set(lastUnknown < 0 ? [] : [lastUnknown])
    for (const layer of layers) {
      const last = lastWith.get(layer)
      if (last !== undefined) earlier.add(last)
      lastWith.set(layer, at)
    }
    return [...earlier]
  })
}
