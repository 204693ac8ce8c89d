/** The engine's disk usage. Source: Docker Engine API, SystemDataUsage. */
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { Bytes } from '../../../model/image/image.ts'
import type { DiskUsage, DiskPart } from '../../../preload/contract/index.ts'
import { statusOf } from './errors.ts'
import { bytes, list, text } from './replies.ts'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'
import { supportsCacheRemovalById } from './versions.ts'

const cacheRecord = v.object({
  ID: text,
  Description: text,
  Size: bytes,
  InUse: v.nullish(v.boolean(), false),
  Shared: v.nullish(v.boolean(), false),
  LastUsedAt: text,
  /** One of the parents. Only set up to API 1.41. */
  Parent: text,
  Parents: list(v.string()),
  /** From API 1.42, 26.1 and 28.5 use this key, with a leading space, instead of `Parents` (tested). */
  ' Parents': list(v.string()),
})
export type ListedCacheRecord = v.InferOutput<typeof cacheRecord>

/** The engine sends null for an empty list, and omits parts that were not requested. */
const diskUsage = v.object({
  LayersSize: bytes,
  Images: v.optional(list(v.unknown())),
  Containers: v.optional(list(v.object({ SizeRw: bytes }))),
  Volumes: v.optional(list(v.object({ UsageData: v.nullish(v.object({ Size: bytes }), {}) }))),
  BuildCache: v.optional(list(cacheRecord)),
})

/** The engine measures containers and volumes file by file. 20.10 does this even if another part is requested. */
const diskUsageTimeoutMs = 300_000
const maxAttempts = 20
const retryDelayMs = 150

/** Reads one part of the disk usage, or all of it. Engines before API 1.42 always measure everything. Timeout: 5 min. */
async function requestDiskUsage(session: EngineSession, part?: 'image' | 'build-cache', attempts = maxAttempts) {
  const query = part && session.capabilities.filtersDiskUsage ? { type: part } : {}
  // Up to 20.10, the engine replies 500 while it measures for another client.
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(session, diskUsage, { path: '/system/df', query, timeoutMs: diskUsageTimeoutMs })
    } catch (error) {
      if (statusOf(error) !== 500 || attempt === attempts) throw error
      await delay(retryDelayMs)
    }
  }
}

/**
 * @returns the bytes of all layers, as the engine reports them. The containerd store counts snapshots and, from 28, also
 * compressed content. Timeout: 5 min.
 */
export const layersSize = async (session: EngineSession, { repeats = true } = {}): Promise<Bytes> =>
  (await requestDiskUsage(session, 'image', repeats ? maxAttempts : 1)).LayersSize

/** @returns the records of BuildKit's cache as the engine lists them. Timeout: 5 min. */
export const readCacheRecords = async (session: EngineSession): Promise<readonly ListedCacheRecord[]> =>
  (await requestDiskUsage(session, 'build-cache')).BuildCache ?? []

/**
 * @returns an upper bound of the bytes that BuildKit's cache shares with images. The classic store marks records that are
 * layers of images as shared (moby builder/builder-next/imagerefchecker). In the containerd store, the cache holds
 * snapshots and blobs by leases that the API does not report, so the bound is MAX_SAFE_INTEGER if there is any record.
 * Timeout: 5 min.
 */
export async function maxBytesSharedWithCache(session: EngineSession): Promise<Bytes> {
  const records = await readCacheRecords(session)
  if (session.capabilities.store === 'containerd') return records.length > 0 ? Number.MAX_SAFE_INTEGER : 0
  return records.filter(({ Shared }) => Shared).reduce((sum, { Size }) => sum + Size, 0)
}

/** @returns all parts of the disk usage, for the disk dialog. Timeout: 5 min. */
export async function readDiskUsage(session: EngineSession): Promise<DiskUsage> {
  const { LayersSize, Images, Containers, Volumes, BuildCache } = await requestDiskUsage(session)
  return {
    // Podman reports 0 for layers that take space, which means unknown.
    ...(Images && (LayersSize > 0 || Images.length === 0) && { images: { count: Images.length, bytes: LayersSize } }),
    ...(Containers && { containers: toDiskPart(Containers.map(({ SizeRw }) => SizeRw)) }),
    ...(Volumes && { volumes: toDiskPart(Volumes.map(({ UsageData }) => UsageData.Size)) }),
    ...(BuildCache && { buildCache: toDiskPart(BuildCache.map(({ Size }) => Size)) }),
    ...(supportsCacheRemovalById(session.capabilities) && { canRemoveCacheRecords: true }),
  }
}

/** The engine reports -1 for a size that it has not measured. */
const toDiskPart = (sizes: readonly number[]): DiskPart => ({
  count: sizes.length,
  bytes: sizes.reduce((sum, size) => sum + Math.max(0, size), 0),
})
