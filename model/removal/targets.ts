/** Turns the selected rows of the image list into images to delete and tags to remove. */
import type { Image, ImageId, Reference } from '../image/image.ts'

/** A selected row of the image list: one tag of an image or, without `reference`, the image with all its names. */
export interface RemovalTarget {
  readonly image: ImageId
  readonly reference?: Reference | undefined
}

/** A tag to remove from an image that stays. `staysAs`: the tags that remain. */
export interface Untagging {
  readonly image: ImageId
  readonly reference: Reference
  readonly staysAs: readonly Reference[]
}

/**
 * @returns `fullySelected`: the images whose names are all selected; `untags`: the selected names of other images;
 * `missing`: rows whose image or name no longer exists
 */
export function resolveTargets(images: ReadonlyMap<ImageId, Image>, rows: readonly RemovalTarget[]) {
  const selectedNames = new Map<ImageId, Set<Reference>>()
  const fullySelected = new Set<ImageId>()
  const missing: RemovalTarget[] = []
  for (const row of rows) {
    const image = images.get(row.image)
    if (!image || (row.reference !== undefined && !image.references.includes(row.reference))) missing.push(row)
    else if (row.reference === undefined) fullySelected.add(image.id)
    else {
      const names = selectedNames.get(image.id) ?? new Set()
      selectedNames.set(image.id, names.add(row.reference))
      if (names.size === image.references.length) fullySelected.add(image.id)
    }
  }
  const untags = [...selectedNames].flatMap(([id, names]): Untagging[] => {
    if (fullySelected.has(id)) return []
    const staysAs = images.get(id)!.references.filter((reference) => !names.has(reference))
    return [...names].map((reference) => ({ image: id, reference, staysAs }))
  })
  return { fullySelected, untags, missing }
}
