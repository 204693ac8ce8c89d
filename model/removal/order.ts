/** Which removals of one plan may run at the same time. */
import type { ImageId } from '../image/image.ts'

/**
 * Images that share a layer must be removed one after another. An image that has no layers, or whose layers are
 * unknown, counts as sharing a layer with every other image.
 * @returns for each image, the indices of earlier images that must be removed first. If several earlier images share
 * the same layer, only the last of them is included, because that one waits for the others.
 */
export function predecessorsOf(
  images: readonly ImageId[],
  layersOf: (image: ImageId) => readonly number[] | undefined,
): number[][] {
  const lastImageWith = new Map<number, number>()
  let lastUnknown = -1
  return images.map((image, index) => {
    const layers = layersOf(image) ?? []
    if (layers.length === 0) {
      const all = Array.from(
        { length: index - Math.max(lastUnknown, 0) },
        (_, offset) => Math.max(lastUnknown, 0) + offset,
      )
      lastUnknown = index
      lastImageWith.clear()
      return all
    }
    const earlier = new Set(lastUnknown < 0 ? [] : [lastUnknown])
    for (const layer of layers) {
      const last = lastImageWith.get(layer)
      if (last !== undefined) earlier.add(last)
      lastImageWith.set(layer, index)
    }
    return [...earlier]
  })
}
