/** What the window asks of the desktop. */
import * as v from 'valibot'
import { call, type } from './define.ts'

/** A page's address, as the user was shown it. */
const page = v.pipe(v.string(), v.maxLength(8000), v.regex(/^https?:\/\/\S+$/))

export const calls = {
  'window.zoom': call(v.picklist(['in', 'out', 'reset']), type<void>()),
  'window.copy': call(v.pipe(v.string(), v.maxLength(1_000_000)), type<void>()),
  /** Opens it in the user's browser; the window has asked. */
  'window.openLink': call(page, type<void>()),
  'window.quit': call(v.undefined(), type<void>()),
}
