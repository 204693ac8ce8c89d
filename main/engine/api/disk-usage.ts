/** The disk space of images and build cache, as the engine reports it. */
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { Bytes } from '../../../model/image/image.ts'
import { statusOf } from './errors.ts'
import { list } from './replies.ts'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

const buildCache = v.object({
  BuildCache: list(v.object({ Size: v.nullish(v.number(), 0), Shared: v.nullish(v.boolean(), false) })),
})
const layers = v.object({ LayersSize: v.nullish(v.number(), 0) })

/** 20.10 measures every volume, whichever part is requested. */
const diskUsageTimeoutMs = 120_000
const maxAttempts = 20
const retryDelayMs = 150

/**
 * Reads one part of `/system/df`. Engines before API 1.42 cannot filter, and measure everything. Timeout: 2 min per
 * attempt.
 */
export async function readDiskUsage<Schema extends v.GenericSchema>(
  session: EngineSession,
  schema: Schema,
  part: string,
): Promise<v.InferOutput<Schema>> {
  const query = session.capabilities.filtersDiskUsage ? { type: part } : {}
  // Up to 20.10, the engine replies 500 while it measures for another client.
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(session, schema, { path: '/system/df', query, timeoutMs: diskUsageTimeoutMs })
    } catch (error) {
      if (statusOf(error) !== 500 || attempt === maxAttempts) throw error
      await delay(retryDelayMs)
    }
  }
}

/**
 * An upper bound of the image bytes that BuildKit's cache holds too. With the classic store, records that are layers of
 * images are marked as shared (moby builder/builder-next/imagerefchecker). With the containerd store, the cache holds
 * snapshots and blobs by leases that the API does not report, so any record makes the bound MAX_SAFE_INTEGER.
 */
export async function cachedBytes(session: EngineSession): Promise<Bytes> {
  const { store } = session.capabilities
  const { BuildCache } = await readDiskUsage(session, buildCache, 'build-cache')
  const records = BuildCache.filter(({ Shared }) => Shared || store === 'containerd')
  if (store === 'containerd') return records.length > 0 ? Number.MAX_SAFE_INTEGER : 0
  return records.reduce((sum, { Size }) => sum + Size, 0)
}

/** Bytes of all layers, as the engine reports them. The containerd store counts snapshots, and from 28 also content. */
export async function layersSize(session: EngineSession): Promise<Bytes> {
  return (await readDiskUsage(session, layers, 'image')).LayersSize
}
