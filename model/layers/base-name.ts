/** What the base of an image is called, where several images are that base. */
import type { Image, Reference } from '../image/image.ts'

/**
 * The name of the base that some images are: that of the oldest one, since the others were made from it. Of the names
 * of one age, the one with the shortest path (`debian:13` before `example.com/debian:13`), then the first by alphabet.
 * @returns undefined if none of them has a tag
 */
export function baseName(images: readonly Image[]): Reference | undefined {
  const names = images.flatMap(({ created, references }) => references.map((name) => ({ created, name })))
  names.sort(
    (a, b) => dated(a) - dated(b) || depth(a.name) - depth(b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
  return names[0]?.name
}

const depth = (name: Reference) => name.split('/').length
/** An image without a date tells nothing: it comes last. */
const dated = ({ created }: Pick<Image, 'created'>) => created || Number.MAX_SAFE_INTEGER
