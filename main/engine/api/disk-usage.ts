/** What the engine says that its images and its build cache take. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import * as v from 'valibot'
import type { Bytes } from '../../../model/image/image.ts'
import { ask } from './ask.ts'
import { statusOf } from './errors.ts'
import { list } from './replies.ts'
import { measuresParts } from './versions.ts'
import type { Where } from './where.ts'

const buildCache = v.object({
  BuildCache: list(v.object({ Size: v.nullish(v.number(), 0), Shared: v.nullish(v.boolean(), false) })),
})
const layers = v.object({ LayersSize: v.nullish(v.number(), 0) })

/** 20.10 and before refuse to measure while somebody else asks them to. */
async function account(docker: Docker, part: string, at: Where): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(docker, '/system/df', query(part, at))
    } catch (error) {
      if (statusOf(error) !== 500 || tries === 20) throw error
      await delay(150)
    }
  }
}

/** One part of the account where the engine can be asked for it; else all is measured. */
const query = (part: string, at: Where) => (measuresParts(at.api) ? { type: part } : {})

/**
 * At most so much of what images hold is held by BuildKit's cache too. With the classic store the cache tells which of
 * its records are layers of images (moby builder/builder-next/imagerefchecker); with the containerd store it keeps
 * snapshots and blobs by leases that no answer tells of, so there nothing is certain while it holds anything.
 */
export async function cachedBytes(docker: Docker, at: Where): Promise<Bytes> {
  const { BuildCache } = v.parse(buildCache, await account(docker, 'build-cache', at))
  const records = BuildCache.filter(({ Shared }) => Shared || at.store === 'containerd')
  if (at.store === 'containerd') return records.length > 0 ? Number.MAX_SAFE_INTEGER : 0
  return records.reduce((sum, { Size }) => sum + Size, 0)
}

/** What layers take, by the engine's own account; the containerd store counts snapshots, and from 28 on content too. */
export async function layersSize(docker: Docker, at: Where): Promise<Bytes> {
  return v.parse(layers, await account(docker, 'image', at)).LayersSize
}
