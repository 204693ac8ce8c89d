/** The list of images by repository. */
import { imagesOf, sizeOf, type GroupLine, type ImageLine, type Line } from './lines.ts'

/** A group for each repository, in the order in which the lines name them; all are closed. */
export function groupsOf(lines: readonly ImageLine[]): GroupLine[] {
  return [...Map.groupBy(lines, ({ repository }) => repository)].map(([repository, own]): GroupLine => {
    const images = imagesOf(own)
    return {
      kind: 'group',
      key: `group ${repository ?? ''}`,
      repository,
      lines: own,
      images: images.length,
      size: sizeOf(images),
      used: [...new Map(own.map(({ id, used }) => [id, used])).values()].reduce<number>(
        (sum, used = 0) => sum + used,
        0,
      ),
      open: false,
    }
  })
}

/** The groups as lines, each that is open followed by its own. */
export function unfolded(groups: readonly GroupLine[], open: ReadonlySet<string>): Line[] {
  const lines: Line[] = []
  for (const group of groups) {
    if (!open.has(group.key)) lines.push(group)
    else {
      lines.push({ ...group, open: true })
      for (const line of group.lines) lines.push(line)
    }
  }
  return lines
}

/** The lines of all images of a group but the newest `keep`. Of equal age the one that stands first stays. */
export function olderThanNewest({ lines }: GroupLine, keep: number): ImageLine[] {
  const kept = new Set(
    imagesOf(lines)
      .toSorted((a, b) => b.created - a.created)
      .slice(0, keep)
      .map(({ id }) => id),
  )
  return lines.filter(({ id }) => !kept.has(id))
}
