/** Parents and children of images, as recorded by the classic builder and by `docker commit`. */
import { isDangling, type Image, type ImageId } from './image.ts'

/** The children of each image, by the parent's id. */
export type ChildrenById = ReadonlyMap<ImageId, readonly Image[]>

/**
 * Whether an image is an intermediate build step, which the engine removes together with its children. The engine keeps
 * a parent that has a digest.
 */
export const isBuildStep = (image: Image, children: readonly Image[]) =>
  isDangling(image) && image.digests.length === 0 && children.length > 0

/** @returns the image itself or, if it is a hidden build step, a listed descendant that is not deleted */
export function listedDescendant(image: Image, children: ChildrenById, isDeleted: (image: Image) => boolean): Image {
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

/** Sorts images so that children come before their parents: the engine refuses to remove an image that has children. */
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
 * @returns the untagged parents that the engine removes together with an image
 * @param alreadyListed the parents returned for earlier images, which are not returned again; this function adds to it
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
