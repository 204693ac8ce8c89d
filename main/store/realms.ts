/** The hosts at which the user allowed registries to ask for a login. */
import * as v from 'valibot'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const pair = v.object({ host: v.string(), realm: v.string() })

export const readRealms = (fields: Fields): RealmsFile => ({ allowed: fields.list('allowed', pair) })

export interface RealmsFile {
  readonly allowed: readonly v.InferOutput<typeof pair>[]
}
export type RealmsStore = StoredFile<RealmsFile>
