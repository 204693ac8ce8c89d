/** Schemas of image and container ids. */
import * as v from 'valibot'

export const imageId = v.pipe(v.string(), v.maxLength(71), v.regex(/^sha256:[0-9a-f]{64}$/))
export const containerId = v.pipe(v.string(), v.maxLength(64), v.regex(/^[0-9a-f]{64}$/))
