/** Groups the image list by repository. */
import { imagesOf, sizeOf, type GroupLine, type ImageLine, type Line } from './lines.ts'

/** @returns one collapsed group per repository, in order of first appearance */
export function groupsOf(lines: readonly ImageLine[]): GroupLine[] {
  return [...Map.groupBy(lines, ({ repository }) => repository)].map(([repository, groupLines]): GroupLine => {
    const images = imagesOf(groupLines)
    return {
      kind: 'group',
      key: `group ${repository ?? ''}`,
      repository,
      lines: groupLines,
      images: images.length,
      size: sizeOf(images),
      used: [...new Map(groupLines.map(({ id, used }) => [id, used])).values()].reduce<number>(
        (sum, used = 0) => sum + used,
        0,
      ),
      open: false,
    }
  })
}

/** @returns the groups, each open one followed by its own lines */
export function toLines(groups: readonly GroupLine[], openKeys: ReadonlySet<string>): Line[] {
  const lines: Line[] = []
  for (const group of groups) {
    if (!openKeys.has(group.key)) lines.push(group)
    else {
      lines.push({ ...group, open: true })
      for (const line of group.lines) lines.push(line)
    }
  }
  return lines
}

/**
 * @returns the lines of all images except the newest `keepCount`. Of images with equal dates, the one that is first in
 * the group counts as newer.
 */
export function olderThanNewest({ lines }: GroupLine, keepCount: number): ImageLine[] {
  const newest = new Set(
    imagesOf(lines)
      .toSorted((a, b) => b.created - a.created)
      .slice(0, keepCount)
      .map(({ id }) => id),
  )
  return lines.filter(({ id }) => !newest.has(id))
}
