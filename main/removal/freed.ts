/** Measures the bytes that a removal actually frees. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Bytes, ImageId } from '../../model/image/image.ts'
import type { RemovalPlan } from '../../model/removal/plan.ts'
import { countsContent, layersSize, openContent, type EngineSession } from '../engine/index.ts'

/** The blobs of an image's compressed content, as far as they were read. */
export type BlobsOf = (image: ImageId) => readonly { readonly digest: string; readonly size: Bytes }[]

/**
 * Starts to measure the bytes that a removal frees. Some versions of the containerd store leave compressed content out
 * of their disk usage; there, the removed images' blobs that no longer exist are added.
 * @returns a function that returns the freed bytes since then, or undefined if the engine does not report disk usage
 */
export async function freedMeter(session: EngineSession, { deletes, frees }: RemovalPlan, blobsOf: BlobsOf) {
  const { store, api } = session.capabilities
  const before = await layersSize(session).catch(() => undefined)
  const images = deletes.flatMap(({ image, parents }) => [image, ...parents])
  const blobs = new Map(images.flatMap(blobsOf).map(({ digest, size }) => [digest, size]))

  const measure = async (current: EngineSession): Promise<Bytes | undefined> => {
    const after = await layersSize(current).catch(() => undefined)
    // Podman reports 0, which means unknown.
    if (before === undefined || after === undefined || before === 0) return undefined
    let freed = before - after
    if (store === 'containerd' && !countsContent(api)) {
      const content = await openContent(current)
      for (const [digest, size] of blobs) if (content && (await content.info(digest)) === undefined) freed += size
      content?.close()
    }
    return Math.max(0, freed)
  }
  return async (current: EngineSession): Promise<Bytes | undefined> => {
    let freed = await measure(current)
    if (store === 'classic') return freed
    // containerd collects garbage shortly after the removal returns.
    for (let tries = 0; tries < 10 && freed !== undefined && freed < frees.max; tries++) {
      await delay(200)
      freed = await measure(current)
    }
    return freed
  }
}
