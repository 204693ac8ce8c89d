/** The lines of the list of images: one for each tag, and one for each repository where they are grouped. */
import {
  isDangling,
  rowKey,
  rowsOf,
  type Bytes,
  type Image,
  type ImageRow,
  type Reference,
} from '../../model/image/image.ts'
import type { Filtered } from '../../model/image/query.ts'

export interface ImageLine extends ImageRow, Filtered {
  readonly kind: 'image'
  /** What the line is known by while its image changes under it. */
  readonly key: string
  /** The image's other tags. */
  readonly others: readonly Reference[]
}

export interface GroupLine {
  readonly kind: 'group'
  readonly key: string
  /** Undefined for all that no repository names. */
  readonly repository: string | undefined
  readonly lines: readonly ImageLine[]
  readonly images: number
  /** Each image counted once, whatever its tags. */
  readonly size: Bytes
  /** By the containers that are known. */
  readonly used: number
  readonly open: boolean
}

export type Line = ImageLine | GroupLine

/** `used`: by how many containers; undefined if it is not known. */
export const linesOf = (image: Image, used: number | undefined): ImageLine[] =>
  rowsOf(image).map((row): ImageLine => {
    const { repository = '<none>', tag = '<none>' } = row
    const name = `${repository}:${tag}`
    return {
      ...row,
      kind: 'image',
      key: rowKey(row),
      id: image.id,
      text: [name, image.id, ...image.digests].join(' ').toLowerCase(),
      size: image.size,
      ...(image.sizeUnknown && { sizeUnknown: image.sizeUnknown }),
      created: image.created,
      used,
      // The tags of an image that cannot be read are not known to be none.
      dangling: isDangling(image) && image.unreadable === undefined,
      others: image.references.filter((reference) => reference !== name),
    }
  })

/** The images that lines stand for, each once. */
export const imagesOf = (lines: readonly ImageLine[]): Image[] => [
  ...new Map(lines.map(({ image }) => [image.id, image])).values(),
]

export const sizeOf = (images: readonly Image[]): Bytes => images.reduce((sum, { size }) => sum + size, 0)
