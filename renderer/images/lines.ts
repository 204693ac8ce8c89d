/** Lines of the image list: one per tag or untagged image and, if the list is grouped, one per repository. */
import {
  isDangling,
  rowKey,
  rowsOf,
  type Bytes,
  type Image,
  type ImageRow,
  type Reference,
} from '../../model/image/image.ts'
import type { FilterableImage } from '../../model/image/query.ts'

export interface ImageLine extends ImageRow, FilterableImage {
  readonly kind: 'image'
  /** Identifies the line. It stays the same when the image's other tags change. */
  readonly key: string
  /** Other tags of the same image. */
  readonly otherTags: readonly Reference[]
}

export interface GroupLine {
  readonly kind: 'group'
  readonly key: string
  /** Undefined for the group of images without a repository. */
  readonly repository: string | undefined
  readonly lines: readonly ImageLine[]
  /** Number of images. */
  readonly images: number
  /** Total bytes; an image with several tags counts once. */
  readonly size: Bytes
  /** Number of containers that use the group's images; an image whose use is unknown counts as 0. */
  readonly used: number
  readonly open: boolean
}

export type Line = ImageLine | GroupLine

/** @param used number of containers that use the image; undefined if unknown */
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
      // An unreadable image may have tags that Slipway does not know.
      dangling: isDangling(image) && image.unreadable === undefined,
      otherTags: image.references.filter((reference) => reference !== name),
    }
  })

/** @returns the distinct images of the lines */
export const imagesOf = (lines: readonly ImageLine[]): Image[] => [
  ...new Map(lines.map(({ image }) => [image.id, image])).values(),
]

export const sizeOf = (images: readonly Image[]): Bytes => images.reduce((sum, { size }) => sum + size, 0)
