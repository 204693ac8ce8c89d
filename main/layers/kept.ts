/** What was read of images in earlier runs of the app, packed for the disk and unpacked again. */
import type { ImageId } from '../../model/image/image.ts'
import type { LayersSection, LayersStore } from '../store/index.ts'
import type { ImageRead } from './anatomy.ts'

/** So many images are remembered in one scope; those that the engine in use does not have make room first. */
const maxImages = 20_000

/**
 * The classic store's ids are those of configs, and its sizes follow from their layers, so what is known holds for
 * every engine; the containerd store measures on its own disk, so there it holds for the one engine.
 */
export const scopeOf = (store: 'classic' | 'containerd', endpoint: string) =>
  store === 'classic' ? store : `${store} ${endpoint}`

/** @returns undefined if nothing is remembered of the image. */
export function recall(store: LayersStore, scope: string, id: ImageId): ImageRead | undefined {
  const section = store.value.engines[scope]
  const kept = section && Object.hasOwn(section.images, id) ? section.images[id] : undefined
  if (!section || !kept) return undefined
  const text = (at: number) => section.texts[at] ?? ''
  const blobs = kept.blobs && pairs(kept.blobs).map(([digest, size]) => ({ digest: text(digest), size }))
  return {
    diffIds: kept.layers.map(text),
    history: threes(kept.history).map(([createdBy, size, empty]) => ({
      createdBy: text(createdBy),
      size,
      ...(empty >= 0 && { empty: empty === 1 }),
    })),
    layersSize: kept.layersSize,
    ...(kept.contentSize !== undefined && { content: { size: kept.contentSize, ...(blobs && { blobs }) } }),
    ...(kept.absent && { absent: kept.absent.map(text) }),
    holdsLayers: true,
    lasting: true,
  }
}

/** Remembers `reads`, and of what was remembered before those images that `others` picks: other engines may have them. */
export function remember(
  store: LayersStore,
  scope: string,
  reads: ReadonlyMap<ImageId, ImageRead>,
  others: (id: ImageId) => boolean,
): Promise<void> {
  const lasting = [...reads].filter(([, read]) => read.lasting)
  const before = Object.keys(store.value.engines[scope]?.images ?? {}).filter((id) => !reads.has(id) && others(id))
  const elsewhere = before
    .slice(0, Math.max(0, maxImages - lasting.length))
    .map((id) => [id, recall(store, scope, id)!] as const)
  const section = packed([...lasting.slice(0, maxImages), ...elsewhere])
  return store.write({ engines: { ...store.value.engines, [scope]: section } })
}

function packed(all: readonly (readonly [ImageId, ImageRead])[]): LayersSection {
  const texts = new Map<string, number>()
  const number = (text: string) => {
    if (!texts.has(text)) texts.set(text, texts.size)
    return texts.get(text)!
  }
  const images: LayersSection['images'] = {}
  for (const [id, { diffIds, history, layersSize, content, absent }] of all)
    images[id] = {
      layers: diffIds.map(number),
      history: history.flatMap(({ createdBy, size, empty }) => [
        number(createdBy),
        size,
        empty === undefined ? -1 : Number(empty),
      ]),
      layersSize,
      ...(content && { contentSize: content.size }),
      ...(content?.blobs && { blobs: content.blobs.flatMap(({ digest, size }) => [number(digest), size]) }),
      ...(absent && { absent: absent.map(number) }),
    }
  return { texts: [...texts.keys()], images }
}

const pairs = (flat: readonly number[]) =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!] as const)
const threes = (flat: readonly number[]) =>
  Array.from({ length: flat.length / 3 }, (_, at) => [flat[3 * at]!, flat[3 * at + 1]!, flat[3 * at + 2]!] as const)
