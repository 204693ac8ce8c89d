/** Cell texts of a row of the image list. */
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
  /** For the bar: bytes that only this image uses, and shared bytes (an upper bound if not `sharingKnown`). */
  readonly unique: Bytes
  readonly shared: Bytes
  readonly sharingKnown: boolean
  readonly sharing?: string | undefined
  readonly size: string
  /** Explains why the image cannot be read. */
  readonly unreadable?: string | undefined
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
  // Layers that are not read yet may be unique or shared.
  const sharingKnown = unique.max - unique.min < bytes || bytes === 0
  const parts = { unique: unique.min, shared: sharingKnown ? Math.max(0, Math.min(bytes, shared.max)) : bytes }
  return {
    name: repository ?? '<none>',
    tag,
    tagHint:
      otherTags.length > 0 ? `${tag}\n${t('images.otherTags', { tags: otherTags.slice(0, 20).join(', ') })}` : tag,
    id: shortId(id),
    created: created ? ago(created) : t('images.noDate'),
    createdHint: created ? dateTime(created) : undefined,
    ...parts,
    sharingKnown,
    sharing:
      sharingKnown && parts.shared > 0
        ? t('images.sharing', { unique: size(parts.unique), shared: size(parts.shared) })
        : undefined,
    size: line.sizeUnknown ? t('images.sizeUnknown') : size(bytes),
    unreadable:
      image.unreadable === undefined ? undefined : t('images.unreadableHint', { detail: plain(image.unreadable) }),
    used: used ? count(used) : used === 0 ? '–' : '?',
    usedHint: used ? t('images.usedBy', { n: used }) : used === 0 ? undefined : t('images.useUnknown'),
  }
}
