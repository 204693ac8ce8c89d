/** Requests of the window to Electron and the desktop. */
import * as v from 'valibot'
import { call, type } from './define.ts'

/** The URL of a page, as shown to the user. */
const page = v.pipe(v.string(), v.maxLength(8000), v.regex(/^https?:\/\/\S+$/))

export const calls = {
  'window.zoom': call(v.picklist(['in', 'out', 'reset']), type<void>()),
  'window.copy': call(v.pipe(v.string(), v.maxLength(1_000_000)), type<void>()),
  /** Asks the user, in a dialog of main, and then opens the page in the user's browser. */
  'window.openLink': call(page, type<void>()),
  'window.quit': call(v.undefined(), type<void>()),
}
