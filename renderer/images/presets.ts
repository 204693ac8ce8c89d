/** The ready-made filters of the list of images. */
import type { UnixTime } from '../../model/image/image.ts'
import type { ImageLine } from './lines.ts'

export const presets = ['all', 'unused', 'dangling', 'old'] as const
export type Preset = (typeof presets)[number]

/** The instant so many months before another: the same day of an earlier month, by the calendar. */
export function monthsBefore(now: Date, months: number): UnixTime {
  const then = new Date(now)
  then.setMonth(then.getMonth() - months)
  return then.getTime() / 1000
}

/** `old`: what was created before that instant; an image without a date is not known to be old. */
export function belongsTo(preset: Preset, { used, dangling, created }: ImageLine, old: UnixTime): boolean {
  switch (preset) {
    case 'all':
      return true
    case 'unused':
      return used === 0
    case 'dangling':
      return dangling
    case 'old':
      return created > 0 && created < old
  }
}

/** How many images, each once, every preset has. */
export function countPresets(lines: readonly ImageLine[], old: UnixTime): Readonly<Record<Preset, number>> {
  const seen = new Set<string>()
  const counts = { all: 0, unused: 0, dangling: 0, old: 0 }
  for (const line of lines) {
    if (seen.has(line.id)) continue
    seen.add(line.id)
    for (const preset of presets) if (belongsTo(preset, line, old)) counts[preset]++
  }
  return counts
}
