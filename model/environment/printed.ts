/** Reads the environment that a shell has printed. */
import { variableNames, type Variables } from './variables.ts'

/** A single string of an environment cannot be longer on Linux (MAX_ARG_STRLEN). */
const maxValueLength = 131_072

/**
 * @param text the output of `env -0`: `NAME=value`, each followed by a NUL
 * @returns the variables that Slipway takes over; those with control characters or invalid UTF-8 are left out
 */
export function parsePrinted(text: string): Variables {
  const printed = new Map(
    text.split('\0').map((entry) => {
      const equals = entry.indexOf('=')
      return [entry.slice(0, Math.max(0, equals)), entry.slice(equals + 1)] as const
    }),
  )
  return Object.fromEntries(
    variableNames.flatMap((name) => {
      const value = printed.get(name)
      return value !== undefined && isUsableValue(value) ? [[name, value]] : []
    }),
  )
}

/** Whether a value may be taken over: no control characters, and nothing that was not UTF-8. */
export const isUsableValue = (value: string): boolean =>
  value.length <= maxValueLength && !/[\p{Cc}\ufffd]/u.test(value)
