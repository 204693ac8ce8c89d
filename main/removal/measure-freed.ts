/** Measures the bytes that a removal actually frees. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Bytes, ImageId } from '../../model/image/image.ts'
import type { RemovalPlan } from '../../model/removal/plan.ts'
import { layersSizeIncludesContent, layersSize, openContent, type EngineSession } from '../engine/index.ts'

/** Returns the blobs of an image's compressed content; an empty list if they have not been read. */
export type BlobsOf = (image: ImageId) => readonly { readonly digest: string; readonly size: Bytes }[]

/**
 * Measures the disk usage before a removal. In some versions of the containerd store the disk usage does not include
 * compressed content; the sizes of the removed images' deleted blobs are then added to the result.
 * @returns a function that measures again after the removal. It returns the freed bytes, or undefined if the engine
 * does not report its disk usage.
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
    if (store === 'containerd' && !layersSizeIncludesContent(api)) {
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
