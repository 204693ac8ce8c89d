/** What the engine says that its images and its build cache take. */
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

/** 20.10 measures every volume for any part of the account. */
const accountTimeoutMs = 120_000

/** One part of the account where the engine can be asked for it; else all is measured. Timeout: 2 min. */
export async function account<Schema extends v.GenericSchema>(
  session: EngineSession,
  schema: Schema,
  part: string,
): Promise<v.InferOutput<Schema>> {
  const query = session.capabilities.imageDiskUse ? { type: part } : {}
  // 20.10 and before refuse to measure while somebody else asks them to.
  for (let tries = 1; ; tries++) {
    try {
      return await ask(session, schema, { path: '/system/df', query, timeoutMs: accountTimeoutMs })
    } catch (error) {
      if (statusOf(error) !== 500 || tries === 20) throw error
      await delay(150)
    }
  }
}

/**
 * At most so much of what images hold is held by BuildKit's cache too. With the classic store the cache tells which of
 * its records are layers of images (moby builder/builder-next/imagerefchecker); with the containerd store it keeps
 * snapshots and blobs by leases that no answer tells of, so there nothing is certain while it holds anything.
 */
export async function cachedBytes(session: EngineSession): Promise<Bytes> {
  const { store } = session.capabilities
  const { BuildCache } = await account(session, buildCache, 'build-cache')
  const records = BuildCache.filter(({ Shared }) => Shared || store === 'containerd')
  if (store === 'containerd') return records.length > 0 ? Number.MAX_SAFE_INTEGER : 0
  return records.reduce((sum, { Size }) => sum + Size, 0)
}

/** What layers take, by the engine's own account; the containerd store counts snapshots, and from 28 on content too. */
export async function layersSize(session: EngineSession): Promise<Bytes> {
  return (await account(session, layers, 'image')).LayersSize
}
