/** What the window asks of the desktop. */
import * as v from 'valibot'
import { call, type } from './define.ts'

export const calls = {
  'window.zoom': call(v.picklist(['in', 'out', 'reset']), type<void>()),
  'window.copy': call(v.pipe(v.string(), v.maxLength(1_000_000)), type<void>()),
  'window.quit': call(v.undefined(), type<void>()),
}
