/** What the cells of a line say, written once a change. */
import { shortId, type Bytes } from '../../model/image/image.ts'
import { layers } from '../layers/layers.svelte.ts'
import { ago, exactly, size, t } from '../ui/words.svelte.ts'
import type { GroupLine, ImageLine, Line } from './lines.ts'

export interface Cells {
  readonly name: string
  /** Beside the name: the tag, or how many images a group has. */
  readonly tag: string
  readonly tagHint?: string | undefined
  readonly id?: string
  readonly created?: string
  readonly createdHint?: string | undefined
  /** The bar: what only this image holds, and what others hold too or, while that is not `known`, may. */
  readonly unique: Bytes
  readonly shared: Bytes
  readonly known: boolean
  readonly sharing?: string | undefined
  readonly usedHint?: string | undefined
}

export const cellsOf = (line: Line): Cells => (line.kind === 'group' ? groupCells(line) : imageCells(line))

const groupCells = ({ repository, images, size: bytes }: GroupLine): Cells => ({
  name: repository ?? '<none>',
  tag: t('images.count', { n: images }),
  unique: bytes,
  shared: 0,
  known: true,
})

function imageCells({ id, repository, tag = '', others, created, size: bytes, used }: ImageLine): Cells {
  const { unique, shared } = layers.ofImage(id)
  // Not read yet: it may be either.
  const known = unique.max - unique.min < bytes || bytes === 0
  const parts = { unique: unique.min, shared: known ? Math.max(0, Math.min(bytes, shared.max)) : bytes }
  return {
    name: repository ?? '<none>',
    tag,
    tagHint: others.length > 0 ? `${tag}\n${t('images.otherTags', { tags: others.slice(0, 20).join(', ') })}` : tag,
    id: shortId(id),
    created: created ? ago(created) : t('images.noDate'),
    createdHint: created ? exactly(created) : undefined,
    ...parts,
    known,
    sharing:
      known && parts.shared > 0
        ? t('images.sharing', { unique: size(parts.unique), shared: size(parts.shared) })
        : undefined,
    usedHint: used ? t('images.usedBy', { n: used }) : undefined,
  }
}
