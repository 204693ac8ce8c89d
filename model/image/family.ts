/** Parents and children of images, as recorded by the classic builder and by `docker commit`. */
import { isDangling, type Image, type ImageId } from './image.ts'

export type Family = ReadonlyMap<ImageId, readonly Image[]>

/** Whether an image is an intermediate build step, removed with its children. An image with a digest is not removed. */
export const isBuildStep = (image: Image, children: readonly Image[]) =>
  isDangling(image) && image.digests.length === 0 && children.length > 0

/** @returns the image or, if it is a build step, a descendant that is listed and not removed */
export function listedDescendant(image: Image, children: Family, isDeleted: (image: Image) => boolean): Image {
  const seen = new Set<Image>()
  for (let at = image; !seen.has(at);) {
    seen.add(at)
    const ownChildren = children.get(at.id) ?? []
    const next = ownChildren.find((child) => !isDeleted(child))
    if (!next || !isBuildStep(at, ownChildren)) return at
    at = next
  }
  return image
}

/** @returns the images in the order in which they can be removed */
export function childrenFirst(removed: readonly Image[], images: ReadonlyMap<ImageId, Image>): Image[] {
  const depth = (image: Image) => {
    const seen = new Set<ImageId>()
    for (let at: Image | undefined = image; at && !seen.has(at.id); at = at.parent ? images.get(at.parent) : undefined)
      seen.add(at.id)
    return seen.size
  }
  const depths = new Map(removed.map((image) => [image, image.parent === undefined ? 1 : depth(image)]))
  return [...removed].sort((a, b) => depths.get(b)! - depths.get(a)!)
}

/**
 * @returns the untagged parents that are removed with an image. A parent of several images is listed only with the
 * first.
 */
export function removedParents(
  image: Image,
  images: ReadonlyMap<ImageId, Image>,
  isRemoved: (image: Image) => boolean,
  alreadyListed: Set<ImageId>,
): ImageId[] {
  const parents: ImageId[] = []
  let at = image.parent === undefined ? undefined : images.get(image.parent)
  while (at && !alreadyListed.has(at.id) && isRemoved(at)) {
    parents.push(at.id)
    alreadyListed.add(at.id)
    at = at.parent === undefined ? undefined : images.get(at.parent)
  }
  return parents
}
