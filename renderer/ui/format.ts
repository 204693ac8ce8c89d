/** Formats sizes, dates and numbers for a language. */
import type { Bytes, UnixTime } from '../../model/image/image.ts'

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
const day = 86_400
/**
 * `from`: the age in seconds from which a unit is used. As in `docker images`, a year and a half is "18 months".
 * Source: go-units, HumanDuration.
 */
const ageUnits = [
  { unit: 'year', length: 365 * day, from: 2 * 365 * day },
  { unit: 'month', length: 30 * day, from: 60 * day },
  { unit: 'week', length: 7 * day, from: 14 * day },
  { unit: 'day', length: day, from: day },
  { unit: 'hour', length: 3600, from: 3600 },
  { unit: 'minute', length: 60, from: 60 },
  { unit: 'second', length: 60, from: 0 },
] as const

const durationUnits = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
] as const

/** Whether a timestamp is in the range of JavaScript dates: an engine may report any. Source: ECMA-262, 21.4.1.1. */
const isValidTime = (time: number) => Math.abs(time) <= 8.64e12
const invalidTimeText = '–'

export interface Formatters {
  /** Decimal units with three significant digits, as in `docker images`: `4.26 MB`. */
  size(bytes: Bytes): string
  /** `10 days ago` */
  ago(time: UnixTime, now?: UnixTime): string
  /** Date and time to the second, in the user's time zone. */
  dateTime(time: UnixTime): string
  count(n: number): string
  /** A duration in one unit, at least 1: `7 sec`, `3 min`. */
  duration(seconds: number): string
}

export function formatters(language: string): Formatters {
  const number = new Intl.NumberFormat(language)
  const threeDigits = new Intl.NumberFormat(language, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 })
  const relativeTime = new Intl.RelativeTimeFormat(language, { numeric: 'always' })
  const relativeTimeInWords = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'medium' })

  return {
    size(bytes) {
      let unit = 0
      // 999.5 kB is written as 1.00 MB, not as 1000 kB.
      while (bytes >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
        bytes /= 1000
        unit++
      }
      return `${unit === 0 ? number.format(bytes) : threeDigits.format(bytes)} ${units[unit]}`
    },
    ago(time, now = Date.now() / 1000) {
      if (!isValidTime(time)) return invalidTimeText
      const seconds = Math.max(0, now - time)
      const { unit, length } = ageUnits.find(({ from }) => seconds >= from)!
      const n = Math.floor(seconds / length)
      // Words are used only for "yesterday" and "now", where they are clearer than a number.
      if (n === 0 && language.startsWith('zh')) return '刚刚'
      return ((unit === 'day' && n === 1) || n === 0 ? relativeTimeInWords : relativeTime).format(-n, unit)
    },
    dateTime: (time) => (isValidTime(time) ? date.format(time * 1000) : invalidTimeText),
    count: (n) => number.format(n),
    duration(seconds) {
      const [unit, length] = seconds < 100 ? durationUnits[0] : seconds < 6000 ? durationUnits[1] : durationUnits[2]
      const style = { style: 'unit', unit, unitDisplay: 'short' } as const
      return new Intl.NumberFormat(language, style).format(Math.max(1, Math.round(seconds / length)))
    },
  }
}
