/** The user's own mirrors, and what the last race showed. */
import * as v from 'valibot'
import type { MirrorChange, MirrorRace } from '../../preload/contract/index.ts'
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
  cut: v.optional(v.boolean()),
  probes: v.record(v.string(), probe),
  genuine: v.array(digest),
  unknown: v.optional(v.array(digest), []),
})

const change = v.object({
  file: v.optional(v.string(), '/etc/docker/daemon.json'),
  at: v.number(),
  before: v.array(v.string()),
  after: v.array(v.string()),
  backup: v.optional(v.string()),
})

/** Of what only remembers, a part that another version wrote and this one does not know costs nothing beside it. */
const understood = v.pipe(
  v.array(v.fallback(v.nullable(change), null)),
  v.transform((all) => all.filter((one) => one !== null)),
)

export const mirrorsFile = v.object({
  /** Addresses, in the user's order. */
  own: v.optional(v.array(v.string()), []),
  race: v.fallback(v.optional(race), undefined),
  /** Of Docker's own mirrors, the newest first. */
  changes: v.fallback(v.optional(understood, []), []),
})
export interface MirrorsFile {
  readonly own: readonly string[]
  readonly race?: MirrorRace | undefined
  readonly changes: readonly MirrorChange[]
}
export type MirrorsStore = StoredFile<MirrorsFile>
