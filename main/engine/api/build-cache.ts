/** Lists and removes BuildKit's cache records. Source: Docker Engine API, `/system/df`, `/build/prune`. */
import * as v from 'valibot'
import type { CacheId, CacheRecord } from '../../../model/build-cache/plan.ts'
import type { Bytes } from '../../../model/image/image.ts'
import { readCacheRecords, type ListedCacheRecord } from './disk-usage.ts'
import { list } from './replies.ts'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

/** @returns all cache records. 20.10 also measures containers and volumes for this request. Timeout: 5 min. */
export const listBuildCache = async (session: EngineSession): Promise<readonly CacheRecord[]> =>
  (await readCacheRecords(session)).map(toCacheRecord)

function toCacheRecord({
  ID,
  Description,
  Size,
  InUse,
  Shared,
  LastUsedAt,
  ...parents
}: ListedCacheRecord): CacheRecord {
  const lastUsed = Math.floor(Date.parse(LastUsedAt) / 1000)
  return {
    ...{ id: ID, description: Description, size: Math.max(0, Size), inUse: InUse, shared: Shared },
    ...(lastUsed > 0 && { lastUsed }),
    parents: [...parents.Parents, ...parents[' Parents'], ...(parents.Parent ? [parents.Parent] : [])],
  }
}

const pruneReply = v.object({ CachesDeleted: list(v.string()), SpaceReclaimed: v.nullish(v.number(), 0) })

export interface CacheRemoval {
  /** Empty if BuildKit refuses, because a build uses the record or another record depends on it. */
  readonly deleted: readonly CacheId[]
  /** The total size of the deleted records, as BuildKit reports it. */
  readonly reclaimed: Bytes
}

/** The form of BuildKit's ids (identity.NewID). Newer engines treat the filter as a pattern, so only ids may be passed. */
const idPattern = /^[a-z0-9]{16,64}$/

/** Removing a large record may take minutes. */
const removalTimeoutMs = 600_000

/**
 * Removes one record, which may be an internal record of BuildKit, such as a Dockerfile frontend. Timeout: 10 min.
 *
 * Tested on 20.10, 26.1 and 28.5 with both stores: the engine refuses a filter with two ids (400, "filters expect only
 * one value") and unknown filters. For an unknown id, the engine removes nothing. The engine does not remove a record
 * that has children, nor a record that an image shares, except 26.1 with the containerd store.
 */
export async function removeBuildCache(session: EngineSession, id: CacheId): Promise<CacheRemoval> {
  if (!idPattern.test(id)) return { deleted: [], reclaimed: 0 }
  const query = { all: 1, filters: { id: [id] } }
  const request = { method: 'POST', path: '/build/prune', query, timeoutMs: removalTimeoutMs } as const
  const { CachesDeleted, SpaceReclaimed } = await ask(session, pruneReply, request)
  return { deleted: CachesDeleted, reclaimed: SpaceReclaimed }
}
