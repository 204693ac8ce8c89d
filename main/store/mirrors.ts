/** The user's mirrors, the results of the last race, and the changes of Docker's configured mirrors. */
import * as v from 'valibot'
import type { InForceCheck } from '../../model/mirrors/in-force.ts'
import type { Failure, MirrorChange, MirrorRace } from '../../preload/contract/index.ts'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const digest = v.string()
const failure = v.custom<never>(
  (value) => typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string',
)
const probe = v.variant('state', [
  v.object({
    state: v.literal('answered'),
    digest,
    firstByte: v.number(),
    speed: v.optional(v.number()),
    at: v.number(),
  }),
  v.object({ state: v.literal('failed'), failure, digest: v.optional(digest), at: v.number() }),
])
const race = v.object({
  job: v.string(),
  image: v.string(),
  started: v.number(),
  ended: v.optional(v.number()),
  cancelled: v.optional(v.boolean()),
  probes: v.record(v.string(), probe),
  confirmed: v.array(digest),
  unknown: v.optional(v.array(digest), []),
})

const inForceCheck = v.object({ at: v.number(), probes: v.record(v.string(), probe) })

const change = v.object({
  file: v.optional(v.string(), '/etc/docker/daemon.json'),
  at: v.number(),
  before: v.array(v.string()),
  after: v.array(v.string()),
  backup: v.optional(v.string()),
  settings: v.optional(v.array(v.string())),
  faulty: v.optional(v.object({ keptAs: v.optional(v.string()) })),
})

export interface MirrorsFile {
  /** Addresses of the user's mirrors, in the user's order. */
  readonly own: readonly string[]
  readonly race?: MirrorRace | undefined
  /** The last check of the mirrors that the engine uses. */
  readonly inForceCheck?: InForceCheck<Failure> | undefined
  /** Changes of Docker's configured mirrors, newest first. */
  readonly changes: readonly MirrorChange[]
}
export const readMirrors = (fields: Fields): MirrorsFile => ({
  own: fields.list('own', v.string()),
  race: fields.value('race', v.optional(race)),
  inForceCheck: fields.value('inForceCheck', v.optional(inForceCheck)),
  changes: fields.list('changes', change),
})
export type MirrorsStore = StoredFile<MirrorsFile>
