/** What a removal frees in truth. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Bytes, ImageId } from '../../model/image/image.ts'
import type { RemovalPlan } from '../../model/removal/plan.ts'
import { countsContent, layersSize, openContent, type EngineSession } from '../engine/index.ts'

/** The blobs of compressed content that an image was read to name. */
export type BlobsOf = (image: ImageId) => readonly { readonly digest: string; readonly size: Bytes }[]

/**
 * Measures what a removal frees, from now until the returned function is called. Where the containerd store's own
 * account leaves compressed content out, those blobs of the removed images that are gone afterwards are counted.
 */
export async function freedMeter(session: EngineSession, { deletes, frees }: RemovalPlan, blobsOf: BlobsOf) {
  const { store, api } = session.capabilities
  const before = await layersSize(session).catch(() => undefined)
  const images = deletes.flatMap(({ image, parents }) => [image, ...parents])
  const blobs = new Map(images.flatMap(blobsOf).map(({ digest, size }) => [digest, size]))

  const measure = async (now: EngineSession): Promise<Bytes | undefined> => {
    const after = await layersSize(now).catch(() => undefined)
    // Podman answers 0: not known.
    if (before === undefined || after === undefined || before === 0) return undefined
    let freed = before - after
    if (store === 'containerd' && !countsContent(api)) {
      const content = await openContent(now)
      for (const [digest, size] of blobs) if (content && (await content.info(digest)) === undefined) freed += size
      content?.close()
    }
    return Math.max(0, freed)
  }
  return async (now: EngineSession): Promise<Bytes | undefined> => {
    let freed = await measure(now)
    if (store === 'classic') return freed
    // containerd clears away what is no longer held a moment after it said so.
    for (let tries = 0; tries < 10 && freed !== undefined && freed < frees.max; tries++) {
      await delay(200)
      freed = await measure(now)
    }
    return freed
  }
}
