/** Which images the selected rows stand for. */
import type { Image, ImageId, Reference } from '../image/image.ts'

/** A selected row of the list: one tag of an image, or the image with whatever names it has. */
export interface WishRow {
  readonly image: ImageId
  readonly reference?: Reference | undefined
}

/** An image that only loses a name. */
export interface Untagging {
  readonly image: ImageId
  readonly reference: Reference
  readonly staysAs: readonly Reference[]
}

/** Which images are wished for with all their names, and which rows take but some of an image's names. */
export function sortRows(images: ReadonlyMap<ImageId, Image>, wish: readonly WishRow[]) {
  const chosen = new Map<ImageId, Set<Reference>>()
  const whole = new Set<ImageId>()
  const missing: WishRow[] = []
  for (const row of wish) {
    const image = images.get(row.image)
    if (!image || (row.reference !== undefined && !image.references.includes(row.reference))) missing.push(row)
    else if (row.reference === undefined) whole.add(image.id)
    else {
      const names = chosen.get(image.id) ?? new Set()
      chosen.set(image.id, names.add(row.reference))
      if (names.size === image.references.length) whole.add(image.id)
    }
  }
  const untags = [...chosen].flatMap(([id, names]): Untagging[] => {
    if (whole.has(id)) return []
    const staysAs = images.get(id)!.references.filter((reference) => !names.has(reference))
    return [...names].map((reference) => ({ image: id, reference, staysAs }))
  })
  return { whole, untags, missing }
}
