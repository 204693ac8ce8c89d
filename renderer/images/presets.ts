/** Preset filters of the image list. */
import type { UnixTime } from '../../model/image/image.ts'
import type { ImageLine } from './lines.ts'

export const presets = ['all', 'unused', 'dangling', 'old'] as const
export type Preset = (typeof presets)[number]

/** @returns the instant `months` calendar months before `now` */
export function monthsBefore(now: Date, months: number): UnixTime {
  const date = new Date(now)
  date.setMonth(date.getMonth() - months)
  return date.getTime() / 1000
}

/** @param oldBefore images created before this instant are old; images without a date never are */
export function isInPreset(preset: Preset, { used, dangling, created }: ImageLine, oldBefore: UnixTime): boolean {
  switch (preset) {
    case 'all':
      return true
    case 'unused':
      return used === 0
    case 'dangling':
      return dangling
    case 'old':
      return created > 0 && created < oldBefore
  }
}

/** @returns the number of distinct images per preset */
export function countPresets(lines: readonly ImageLine[], oldBefore: UnixTime): Readonly<Record<Preset, number>> {
  const countedIds = new Set<string>()
  const counts = { all: 0, unused: 0, dangling: 0, old: 0 }
  for (const line of lines) {
    if (countedIds.has(line.id)) continue
    countedIds.add(line.id)
    for (const preset of presets) if (isInPreset(preset, line, oldBefore)) counts[preset]++
  }
  return counts
}
