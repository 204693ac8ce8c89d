/** BuildKit's cache, record by record. Source: Docker Engine API, `/system/df` and `/build/prune`, 1.41 to 1.51. */
import * as v from 'valibot'
import type { CacheId, CacheRecord } from '../../../model/build-cache/plan.ts'
import type { Bytes } from '../../../model/image/image.ts'
import { account } from './disk-usage.ts'
import { list, text } from './replies.ts'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

const time = v.pipe(
  text,
  v.transform((date) => Math.floor(Date.parse(date) / 1000)),
)

const record = v.pipe(
  v.object({
    ID: v.string(),
    Description: text,
    Size: v.nullish(v.number(), 0),
    InUse: v.nullish(v.boolean(), false),
    Shared: v.nullish(v.boolean(), false),
    LastUsedAt: time,
    /** Up to API 1.41: one of the parents. */
    Parent: text,
    Parents: list(v.string()),
    /** What 26.1 and 28.5 write in its place, from API 1.42 on (tried). */
    ' Parents': list(v.string()),
  }),
  v.transform(({ ID, Description, Size, InUse, Shared, LastUsedAt, ...told }): CacheRecord => ({
    ...{ id: ID, description: Description, size: Math.max(0, Size), inUse: InUse, shared: Shared },
    ...(LastUsedAt > 0 && { lastUsed: LastUsedAt }),
    parents: [...told.Parents, ...told[' Parents'], ...(told.Parent ? [told.Parent] : [])],
  })),
)
const records = v.object({ BuildCache: list(record) })

/** All records of the cache. 20.10 measures containers and volumes for this, too. Timeout: 2 min. */
export const listBuildCache = async (session: EngineSession): Promise<readonly CacheRecord[]> =>
  (await account(session, records, 'build-cache')).BuildCache

const pruned = v.object({ CachesDeleted: list(v.string()), SpaceReclaimed: v.nullish(v.number(), 0) })

export interface CacheRemoval {
  /** Empty if BuildKit keeps the record: a build uses it, or another record is built on it. */
  readonly deleted: readonly CacheId[]
  /** The sizes of the deleted records, by BuildKit's account. */
  readonly reclaimed: Bytes
}

/** BuildKit's ids (identity.NewID). Newer engines read the filter as a pattern, so no other text may get into it. */
const idForm = /^[a-z0-9]{16,64}$/

/** Large records may take minutes. Timeout: 10 min. */
const removalTimeoutMs = 600_000

/**
 * Removes one record. `all` lets it be one of BuildKit's own, such as a Dockerfile frontend. Tried on 20.10, 26.1 and 28.5,
 * both stores: two ids in the filter are refused (400, "filters expect only one value"), and so is a filter that they do
 * not know; an unknown id removes nothing; a record with children stays, and so does one that an image shares, but for
 * 26.1's containerd store, which removes that.
 */
export async function removeBuildCache(session: EngineSession, id: CacheId): Promise<CacheRemoval> {
  if (!idForm.test(id)) return { deleted: [], reclaimed: 0 }
  const query = { all: 1, filters: { id: [id] } }
  const request = { method: 'POST', path: '/build/prune', query, timeoutMs: removalTimeoutMs } as const
  const { CachesDeleted, SpaceReclaimed } = await ask(session, pruned, request)
  return { deleted: CachesDeleted, reclaimed: SpaceReclaimed }
}
