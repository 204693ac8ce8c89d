/** Work that takes longer than a moment: what it is about, how far it is, and what became of each of its items. */
import * as v from 'valibot'
import { call, event, type } from './define.ts'
import type { Failure } from './errors.ts'

const bytes = v.pipe(v.number(), v.minValue(0))
const byteRange = v.object({ min: bytes, max: bytes })

const pulledLayer = v.object({
  /** As the engine names it: twelve digits. */
  id: v.string(),
  state: v.picklist(['waiting', 'downloading', 'downloaded', 'extracting', 'done', 'here']),
  /** Of the compressed layer, downloaded or, while extracting, unpacked. */
  bytes,
  total: v.optional(bytes),
})
export type PulledLayer = v.InferOutput<typeof pulledLayer>

/** What a job does, in values: the words are the window's. */
const subject = v.variant('kind', [
  v.object({
    kind: v.literal('remove'),
    /** How many images are deleted, how many only lose a tag. */
    deletes: v.number(),
    untags: v.number(),
    promised: byteRange,
    /** While copies are saved, before anything is removed. */
    saving: v.optional(v.object({ done: v.number(), all: v.number() })),
    /** What came free in truth, by the engine's own account; not known before the end, nor on every engine. */
    freed: v.optional(bytes),
    /** The folder of the copies that were saved first, and how many. */
    copies: v.optional(v.object({ folder: v.string(), count: v.number() })),
    /** Until when the removal can be undone, in seconds since 1970; absent where nothing can be. */
    undoUntil: v.optional(v.number()),
    undone: v.optional(v.boolean()),
    /** It was interrupted, and compared with the engine since. */
    reconciled: v.optional(v.boolean()),
  }),
  v.object({ kind: v.literal('undo'), restores: v.number() }),
  v.object({
    kind: v.literal('pull'),
    reference: v.string(),
    /** Where another than the engine's own was wished for. */
    platform: v.optional(v.string()),
    layers: v.array(pulledLayer),
    /** While it comes: bytes a second lately, and the seconds that are left at that speed, where they can be told. */
    speed: v.optional(bytes),
    left: v.optional(v.number()),
    /** What came in the end. `news`: it was not here before. `cost`: what it takes on the disk that was free before. */
    came: v.optional(
      v.object({ image: v.string(), digest: v.optional(v.string()), news: v.boolean(), cost: v.optional(bytes) }),
    ),
  }),
  v.object({
    /** Removal of build cache: an item for each record. */
    kind: v.literal('build-cache'),
    promised: bytes,
    /** What came free, by the engine's own account. */
    freed: v.optional(bytes),
  }),
  v.object({
    kind: v.literal('race'),
    /** The image that the mirrors are tried with. */
    image: v.string(),
    /** In the end: how many of how many are good, and which is the fastest, by its host. */
    works: v.optional(v.number()),
    of: v.optional(v.number()),
    fastest: v.optional(v.string()),
  }),
  v.object({
    /** A change of Docker's own mirrors: its items are the steps. */
    kind: v.literal('daemon'),
    /** Those that Docker is to ask. */
    mirrors: v.array(v.string()),
    /** A former text of the file is put in place. */
    restores: v.optional(v.boolean()),
    /** Docker knows no reload here: it is started anew. */
    restarts: v.optional(v.boolean()),
    /** Docker did not run, so it takes up what was restored when it starts. */
    atStart: v.optional(v.boolean()),
  }),
])
export type JobSubject = v.InferOutput<typeof subject>

const failure = v.custom<Failure>(
  (value) => typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string',
)

export const item = v.object({
  /** A reference, or an image's short id; a build step, or the id of its cache record. */
  name: v.string(),
  /** `kept`: left as it was, because the user chose so or the work was cancelled. `unknown`: the engine went away. */
  state: v.picklist(['waiting', 'running', 'done', 'kept', 'failed', 'unknown']),
  failure: v.exactOptional(failure),
})
export type JobItem = v.InferOutput<typeof item>

/**
 * `failed` where something of it failed; `cancelled` where the user ended it between two items; `interrupted` where the
 * app ended in the middle.
 */
const state = v.picklist(['running', 'done', 'failed', 'cancelled', 'interrupted'])

export const job = v.object({
  id: v.string(),
  subject,
  state,
  items: v.array(item),
  /** The engine that it works on, by its context and endpoint; absent where it works on none. */
  engine: v.exactOptional(v.object({ name: v.string(), endpoint: v.string() })),
  /** Seconds since 1970. */
  started: v.number(),
  ended: v.optional(v.number()),
  /** Why the whole of it failed, before or beside its items. */
  failure: v.exactOptional(failure),
})
export type Job = v.InferOutput<typeof job>
export type JobId = string

const jobId = v.pipe(v.string(), v.maxLength(64))

export const calls = {
  /** The newest first. */
  'jobs.list': call(v.undefined(), type<readonly Job[]>()),
  /** Ends it between two items; what is done stays done, and is told. */
  'jobs.cancel': call(jobId, type<void>()),
  /** Forgets those that have ended. */
  'jobs.clear': call(v.undefined(), type<void>()),
}
export const events = {
  'jobs.changed': event<Job>(),
  'jobs.cleared': event<readonly JobId[]>(),
}
