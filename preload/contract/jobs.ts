/** Long-running jobs: their subject, progress and the result of each item. */
import * as v from 'valibot'
import { call, event, type } from './define.ts'
import type { Failure } from './errors.ts'

const bytes = v.pipe(v.number(), v.minValue(0))
const byteRange = v.object({ min: bytes, max: bytes })

const pulledLayer = v.object({
  /** The engine's short id of the layer: twelve hex digits. */
  id: v.string(),
  state: v.picklist(['waiting', 'downloading', 'downloaded', 'extracting', 'done', 'exists']),
  /** Bytes of the compressed layer that are downloaded or, while extracting, unpacked. */
  bytes,
  total: v.optional(bytes),
})
export type PulledLayer = v.InferOutput<typeof pulledLayer>

/** What a job does, as data. The window turns it into text. */
const subject = v.variant('kind', [
  v.object({
    kind: v.literal('remove'),
    /** Number of images that are deleted. `untags`: number of tags that are removed from images that stay. */
    deletes: v.number(),
    untags: v.number(),
    promised: byteRange,
    /** Progress of saving copies, before anything is removed. */
    saving: v.optional(v.object({ done: v.number(), all: v.number() })),
    /** Bytes that were freed, as the engine reports them after the removal; absent if it does not report them. */
    freed: v.optional(bytes),
    /** The folder and the number of the saved copies. */
    copies: v.optional(v.object({ folder: v.string(), count: v.number() })),
    /** Until when the removal can be undone, in seconds since 1970; absent if it cannot be undone. */
    undoUntil: v.optional(v.number()),
    undone: v.optional(v.boolean()),
    /** The removal was interrupted and has since been compared with the engine's state. */
    reconciled: v.optional(v.boolean()),
  }),
  v.object({ kind: v.literal('undo'), restores: v.number() }),
  v.object({
    kind: v.literal('pull'),
    reference: v.string(),
    /** The requested platform, if it is not the engine's. */
    platform: v.optional(v.string()),
    layers: v.array(pulledLayer),
    /** Current download speed in bytes per second. `left`: remaining seconds at that speed, if known. */
    speed: v.optional(bytes),
    left: v.optional(v.number()),
    /** The pulled image. `isNew`: the image was not present before. `cost`: the additional disk space in bytes. */
    result: v.optional(
      v.object({ image: v.string(), digest: v.optional(v.string()), isNew: v.boolean(), cost: v.optional(bytes) }),
    ),
  }),
  v.object({
    /** Removal of build cache, with an item for each record. */
    kind: v.literal('build-cache'),
    promised: bytes,
    /** Bytes that were freed, as the engine reports them. */
    freed: v.optional(bytes),
  }),
  v.object({
    kind: v.literal('race'),
    /** The image that the mirrors are tested with. */
    image: v.string(),
    /**
     * Set at the end: `works` of `of` mirrors work; `fastest` is the host of the best one (current content, then
     * speed).
     */
    works: v.optional(v.number()),
    of: v.optional(v.number()),
    fastest: v.optional(v.string()),
  }),
  v.object({
    /** A change of the engine's mirrors, with an item for each step. */
    kind: v.literal('daemon'),
    /** The mirrors that the engine will use. */
    mirrors: v.array(v.string()),
    /** The job restores a backup of the file. */
    restores: v.optional(v.boolean()),
    /** The job mends a file that Docker cannot read. */
    mends: v.optional(v.boolean()),
    /** The engine cannot reload and is restarted. */
    restarts: v.optional(v.boolean()),
    /** The engine was not running, so it applies the restored file at its next start. */
    atStart: v.optional(v.boolean()),
    /** dockerd could not check the file beforehand: it is older than 23, the snap package's, or not running. */
    unvalidated: v.optional(v.boolean()),
  }),
])
export type JobSubject = v.InferOutput<typeof subject>

const failure = v.custom<Failure>(
  (value) => typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string',
)

export const item = v.object({
  /**
   * A reference or an image's short id; of build cache, the build step or the record's id; of a race, the mirror's
   * host; of a change of daemon.json, the step (`DaemonStep`).
   */
  name: v.string(),
  /**
   * `skipped`: not done, because of the user's choice, a cancel, or the failure of another item. `unknown`: the
   * connection to the engine was lost before the outcome was known.
   */
  state: v.picklist(['waiting', 'running', 'done', 'skipped', 'failed', 'unknown']),
  failure: v.exactOptional(failure),
})
export type JobItem = v.InferOutput<typeof item>

/** `failed`: the job or an item failed, or an item is `unknown`. `interrupted`: the app exited during the job. */
const state = v.picklist(['running', 'done', 'failed', 'cancelled', 'interrupted'])

export const job = v.object({
  id: v.string(),
  subject,
  state,
  items: v.array(item),
  /** Context and endpoint of the engine that the job works on; absent for a race and a change of daemon.json. */
  engine: v.exactOptional(v.object({ name: v.string(), endpoint: v.string() })),
  /** Seconds since 1970. */
  started: v.number(),
  ended: v.optional(v.number()),
  /** Why the job as a whole failed, apart from its items. */
  failure: v.exactOptional(failure),
})
export type Job = v.InferOutput<typeof job>
export type JobId = string

const jobId = v.pipe(v.string(), v.maxLength(64))

export const calls = {
  /** Running jobs, then ended jobs that the user has not cleared, each newest first. */
  'jobs.list': call(v.undefined(), type<readonly Job[]>()),
  /** Cancels a job: a pull stops at once, a removal after the running items, and a change of daemon.json is undone. */
  'jobs.cancel': call(jobId, type<void>()),
  /** Removes ended jobs from the list. */
  'jobs.clear': call(v.undefined(), type<void>()),
}
export const events = {
  'jobs.changed': event<Job>(),
  'jobs.cleared': event<readonly JobId[]>(),
}
