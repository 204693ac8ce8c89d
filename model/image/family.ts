/** Parents and children of images, as recorded by the classic builder and by `docker commit`. */
import { isDangling, type Image, type ImageId } from './image.ts'

/** The children of each image, by the parent's id. */
export type ChildrenByParentId = ReadonlyMap<ImageId, readonly Image[]>

/**
 * Whether an image is an intermediate build step: an untagged parent, which the engine removes together with its children.
 * The engine keeps a parent that has a digest.
 */
export const isBuildStep = (image: Image, children: readonly Image[]) =>
  isDangling(image) && image.digests.length === 0 && children.length > 0

/** @returns the image itself or, if it is a hidden build step, a listed descendant that is not deleted */
export function listedDescendant(
  image: Image,
  children: ChildrenByParentId,
  isDeleted: (image: Image) => boolean,
): Image {
  const seen = new Set<Image>()
  for (let current = image; !seen.has(current);) {
    seen.add(current)
    const currentChildren = children.get(current.id) ?? []
    const next = currentChildren.find((child) => !isDeleted(child))
    if (!next || !isBuildStep(current, currentChildren)) return current
    current = next
  }
  return image
}

/** Sorts images so that children come before their parents: the engine refuses to remove an image that has children. */
export function childrenFirst(toRemove: readonly Image[], images: ReadonlyMap<ImageId, Image>): Image[] {
  const depth = (image: Image) => {
    const seen = new Set<ImageId>()
    let current: Image | undefined = image
    while (current && !seen.has(current.id)) {
      seen.add(current.id)
      current = current.parent ? images.get(current.parent) : undefined
    }
    return seen.size
  }
  const depths = new Map(toRemove.map((image) => [image, image.parent === undefined ? 1 : depth(image)]))
  return [...toRemove].sort((a, b) => depths.get(b)! - depths.get(a)!)
}

/**
 * @returns the untagged parents that the engine removes together with an image
 * @param isRemoved whether an image is a build step that the engine removes
 * @param alreadyReturned the parents returned for earlier images, which are not returned again; the new ones are added
 */
export function removedParents(
  image: Image,
  images: ReadonlyMap<ImageId, Image>,
  isRemoved: (image: Image) => boolean,
  alreadyReturned: Set<ImageId>,
): ImageId[] {
  const parents: ImageId[] = []
  let parent = image.parent === undefined ? undefined : images.get(image.parent)
  while (parent && !alreadyReturned.has(parent.id) && isRemoved(parent)) {
    parents.push(parent.id)
    alreadyReturned.add(parent.id)
    parent = parent.parent === undefined ? undefined : images.get(parent.parent)
  }
  return parents
}
