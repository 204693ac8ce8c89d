/** Finds a name for the base image of an image. Several images may have the same layers as the base. */
import type { Image, Reference } from '../image/image.ts'

/**
 * @param images the images with the layers of the base
 * @returns a name of the oldest tagged image, because the others were probably made from that one; undefined if no
 * image has a tag. If the oldest image has several names: the one with the fewest path components (`debian:13`, not
 * `example.com/debian:13`), then the first in alphabetical order.
 */
export function baseName(images: readonly Image[]): Reference | undefined {
  const names = images.flatMap(({ created, references }) => references.map((name) => ({ created, name })))
  names.sort(
    (a, b) =>
      sortDate(a) - sortDate(b) || depth(a.name) - depth(b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
  return names[0]?.name
}

const depth = (name: Reference) => name.split('/').length
/** Images without a date sort last. */
const sortDate = ({ created }: Pick<Image, 'created'>) => created || Number.MAX_SAFE_INTEGER
