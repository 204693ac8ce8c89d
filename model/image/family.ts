/** Images and those they were built on, by the record that the classic builder and a commit keep. */
import { isDangling, type Image, type ImageId } from './image.ts'

export type Family = ReadonlyMap<ImageId, readonly Image[]>

/** A step of a build: Docker removes it with its last child. One that a digest still names is not removed. */
export const isHidden = (image: Image, children: readonly Image[]) =>
  isDangling(image) && image.digests.length === 0 && children.length > 0

/** A descendant that stays and that the list shows, to name where the child itself is a step that it does not. */
export function shownHeir(image: Image, children: Family, goes: (image: Image) => boolean): Image {
  const seen = new Set<Image>()
  for (let at = image; !seen.has(at);) {
    seen.add(at)
    const own = children.get(at.id) ?? []
    const next = own.find((child) => !goes(child))
    if (!next || !isHidden(at, own)) return at
    at = next
  }
  return image
}

/** The order in which images can be removed. */
export function childrenFirst(going: readonly Image[], images: ReadonlyMap<ImageId, Image>): Image[] {
  const depth = (image: Image) => {
    const seen = new Set<ImageId>()
    for (let at: Image | undefined = image; at && !seen.has(at.id); at = at.parent ? images.get(at.parent) : undefined)
      seen.add(at.id)
    return seen.size
  }
  const depths = new Map(going.map((image) => [image, image.parent === undefined ? 1 : depth(image)]))
  return [...going].sort((a, b) => depths.get(b)! - depths.get(a)!)
}

/** The untagged parents that go with an image; one that several share is told of once, with the first of them. */
export function goingParents(
  image: Image,
  images: ReadonlyMap<ImageId, Image>,
  goesAlong: (image: Image) => boolean,
  told: Set<ImageId>,
): ImageId[] {
  const parents: ImageId[] = []
  let at = image.parent === undefined ? undefined : images.get(image.parent)
  while (at && !told.has(at.id) && goesAlong(at)) {
    parents.push(at.id)
    told.add(at.id)
    at = at.parent === undefined ? undefined : images.get(at.parent)
  }
  return parents
}
