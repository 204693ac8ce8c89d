/** Finds the content of untagged parents: no list shows them, and the engine removes them with their children. */
import type { Image, ImageId } from '../../model/image/image.ts'
import type { ImageRead } from './read-image.ts'
import type { Units } from './units.ts'

interface EngineContent {
  readonly images: ReadonlyMap<ImageId, Image>
  readonly reads: ReadonlyMap<ImageId, ImageRead>
}

/**
 * @returns the units of the blobs of untagged parents. The containerd store removes an untagged parent as soon as one of
 * its children is removed. If a parent has several children, it is unknown which of them goes first, so each child gets
 * units between 0 and the full size.
 * (The layers of a parent are already units of its children.)
 */
export function unitsOfUntaggedParents(
  units: Units,
  image: Image,
  { images, reads }: EngineContent,
  listedIds: ReadonlySet<ImageId>,
  children: ReadonlyMap<ImageId | undefined, readonly Image[]>,
): number[] {
  const found: number[] = []
  let isOnlyChild = true
  const seen = new Set<ImageId>([image.id])
  const imageDigests = new Set(reads.get(image.id)?.content?.blobs?.map(({ digest }) => digest))
  for (let id = image.parent; id !== undefined && !seen.has(id) && images.has(id) && !listedIds.has(id);) {
    seen.add(id)
    isOnlyChild &&= children.get(id)!.length === 1
    const blobs = (reads.get(id)?.content?.blobs ?? []).filter(({ digest }) => !imageDigests.has(digest))
    for (const { digest, size } of blobs)
      found.push(
        isOnlyChild
          ? units.findOrAdd(`blob ${digest}`, { min: size, max: size })
          : units.findOrAdd(`blob ${digest} with ${image.id}`, { min: 0, max: size }),
      )
    id = images.get(id)!.parent
  }
  return found
}
