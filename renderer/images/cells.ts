/** The texts of the cells of a line in the image list. */
import { shortId, type Bytes } from '../../model/image/image.ts'
import { plain } from '../../model/text/plain.ts'
import { live } from '../engine/live.svelte.ts'
import { layers } from '../layers/layers.svelte.ts'
import { ago, count, dateTime, size, t } from '../ui/i18n.svelte.ts'
import type { GroupLine, ImageLine, Line } from './lines.ts'

export interface Cells {
  readonly name: string
  /** The tag; for a group, its number of images. */
  readonly tag: string
  readonly tagHint?: string | undefined
  readonly id?: string
  readonly created?: string
  readonly createdHint?: string | undefined
  /** Bytes that only this image uses, or the size of a group: the solid part of the bar. */
  readonly unique: Bytes
  /** Bytes that other images use, too: the hatched part of the bar. An upper bound if not `sharingKnown`. */
  readonly shared: Bytes
  readonly sharingKnown: boolean
  /** The bar's tooltip. */
  readonly sharingHint?: string | undefined
  readonly size: string
  /** Why the engine cannot inspect the image; undefined if it can. */
  readonly unreadable?: string | undefined
  /** Number of containers that use the image or the images of the group. */
  readonly used: string
  readonly usedHint?: string | undefined
}

export const cellsOf = (line: Line): Cells => (line.kind === 'group' ? groupCells(line) : imageCells(line))

const groupCells = ({ repository, images, size: bytes, used }: GroupLine): Cells => ({
  name: repository ?? '<none>',
  tag: t('images.count', { n: images }),
  unique: bytes,
  shared: 0,
  sharingKnown: true,
  size: size(bytes),
  used: used ? count(used) : live.containersFailure === undefined ? '–' : '?',
})

function imageCells(line: ImageLine): Cells {
  const { id, image, repository, tag = '', otherTags, created, size: bytes, used } = line
  const { unique, shared } = layers.sharingOfImage(id)
  // Until the layers are read, each layer may be unique or shared.
  const sharingKnown = unique.max - unique.min < bytes || bytes === 0
  const barParts = { unique: unique.min, shared: sharingKnown ? Math.max(0, Math.min(bytes, shared.max)) : bytes }
  return {
    name: repository ?? '<none>',
    tag,
    tagHint:
      otherTags.length > 0 ? `${tag}\n${t('images.otherTags', { tags: otherTags.slice(0, 20).join(', ') })}` : tag,
    id: shortId(id),
    created: created ? ago(created) : t('images.noDate'),
    createdHint: created ? dateTime(created) : undefined,
    ...barParts,
    sharingKnown,
    sharingHint:
      sharingKnown && barParts.shared > 0
        ? t('images.sharing', { unique: size(barParts.unique), shared: size(barParts.shared) })
        : undefined,
    size: line.sizeUnknown ? t('images.sizeUnknown') : size(bytes),
    unreadable:
      image.unreadable === undefined ? undefined : t('images.unreadableHint', { detail: plain(image.unreadable) }),
    used: used ? count(used) : used === 0 ? '–' : '?',
    usedHint: used ? t('images.usedBy', { n: used }) : used === 0 ? undefined : t('images.useUnknown'),
  }
}
