/** Stores the reads of images for later runs of the app, in a packed format. */
import type { ImageId } from '../../model/image/image.ts'
import type { LayersSection, LayersStore } from '../store/index.ts'
import type { ImageRead } from './read-image.ts'

/** Limit for each scope. Images that the current engine does not have are dropped first. */
const maxImages = 20_000

/**
 * @returns the key of the set of engines that share stored reads. In the classic store the image id determines the layers
 * and their sizes, so all engines with this store share a scope. The containerd store measures sizes on its disk, so each
 * such engine has its own scope.
 */
export const scopeOf = (store: 'classic' | 'containerd', engine: string) =>
  store === 'classic' ? store : `${store} ${engine}`

/** @returns undefined if the image is not stored */
export function loadRead(store: LayersStore, scope: string, id: ImageId): ImageRead | undefined {
  const section = store.value.engines[scope]
  const stored = section && Object.hasOwn(section.images, id) ? section.images[id] : undefined
  if (!section || !stored) return undefined
  const text = (index: number) => section.texts[index] ?? ''
  const blobs = stored.blobs && pairs(stored.blobs).map(([digest, size]) => ({ digest: text(digest), size }))
  return {
    diffIds: stored.layers.map(text),
    history: triples(stored.history).map(([createdBy, size, empty]) => ({
      createdBy: text(createdBy),
      size,
      ...(empty >= 0 && { empty: empty === 1 }),
    })),
    layersSize: stored.layersSize,
    ...(stored.contentSize !== undefined && { content: { size: stored.contentSize, ...(blobs && { blobs }) } }),
    ...(stored.absent && { absent: stored.absent.map(text) }),
    holdsLayers: true,
    cacheable: true,
  }
}

/** Stores the cacheable reads, and keeps the stored reads of other images for which `isKept` returns true. */
export function storeReads(
  store: LayersStore,
  scope: string,
  reads: ReadonlyMap<ImageId, ImageRead>,
  isKept: (id: ImageId) => boolean,
): Promise<void> {
  const cacheable = [...reads].filter(([, read]) => read.cacheable)
  const otherIds = Object.keys(store.value.engines[scope]?.images ?? {}).filter((id) => !reads.has(id) && isKept(id))
  const others = otherIds
    .slice(0, Math.max(0, maxImages - cacheable.length))
    .map((id) => [id, loadRead(store, scope, id)!] as const)
  const section = pack([...cacheable.slice(0, maxImages), ...others])
  return store.write({ engines: { ...store.value.engines, [scope]: section } })
}

function pack(reads: readonly (readonly [ImageId, ImageRead])[]): LayersSection {
  const texts = new Map<string, number>()
  const indexOf = (text: string) => {
    if (!texts.has(text)) texts.set(text, texts.size)
    return texts.get(text)!
  }
  const images: LayersSection['images'] = {}
  for (const [id, { diffIds, history, layersSize, content, absent }] of reads)
    images[id] = {
      layers: diffIds.map(indexOf),
      history: history.flatMap(({ createdBy, size, empty }) => [
        indexOf(createdBy),
        size,
        empty === undefined ? -1 : Number(empty),
      ]),
      layersSize,
      ...(content && { contentSize: content.size }),
      ...(content?.blobs && { blobs: content.blobs.flatMap(({ digest, size }) => [indexOf(digest), size]) }),
      ...(absent && { absent: absent.map(indexOf) }),
    }
  return { texts: [...texts.keys()], images }
}

const pairs = (flat: readonly number[]) =>
  Array.from({ length: flat.length / 2 }, (_, pair) => [flat[2 * pair]!, flat[2 * pair + 1]!] as const)
const triples = (flat: readonly number[]) =>
  Array.from(
    { length: flat.length / 3 },
    (_, triple) => [flat[3 * triple]!, flat[3 * triple + 1]!, flat[3 * triple + 2]!] as const,
  )
