/** What was read of images in earlier runs of the app, packed for the disk and unpacked again. */
import type { ImageId } from '../../model/image/image.ts'
import type { LayersSection, LayersStore } from '../store/index.ts'
import type { ImageRead } from './anatomy.ts'

/** So many images are remembered; those that are gone make room first. */
const most = 20_000

/**
 * The classic store's ids are those of configs, and its sizes follow from their layers, so what is known holds for
 * every engine; the containerd store measures on its own disk, so there it holds for the one engine.
 */
export const scopeOf = (store: 'classic' | 'containerd', endpoint: string) =>
  store === 'classic' ? store : `${store} ${endpoint}`

export function recall(store: LayersStore, scope: string): Map<ImageId, ImageRead> {
  const { texts, images } = store.value.engines[scope] ?? { texts: [], images: {} }
  const text = (at: number) => texts[at] ?? ''
  return new Map(
    Object.entries(images).map(([id, kept]): [ImageId, ImageRead] => {
      const blobs = kept.blobs && pairs(kept.blobs).map(([digest, size]) => ({ digest: text(digest), size }))
      return [
        id,
        {
          diffIds: kept.layers.map(text),
          history: threes(kept.history).map(([createdBy, size, empty]) => ({
            createdBy: text(createdBy),
            size,
            ...(empty >= 0 && { empty: empty === 1 }),
          })),
          layersSize: kept.layersSize,
          ...(kept.contentSize !== undefined && { content: { size: kept.contentSize, ...(blobs && { blobs }) } }),
          holdsLayers: true,
          lasting: true,
        },
      ]
    }),
  )
}

export function remember(
  store: LayersStore,
  scope: string,
  reads: ReadonlyMap<ImageId, ImageRead>,
  needed: (id: ImageId) => boolean,
): Promise<void> {
  const texts = new Map<string, number>()
  const number = (text: string) => {
    if (!texts.has(text)) texts.set(text, texts.size)
    return texts.get(text)!
  }
  let lasting = [...reads].filter(([, read]) => read.lasting)
  if (lasting.length > most) lasting = lasting.sort(([a], [b]) => Number(needed(b)) - Number(needed(a))).slice(0, most)
  const images: LayersSection['images'] = {}
  for (const [id, { diffIds, history, layersSize, content }] of lasting)
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
    }
  return store.write({ engines: { ...store.value.engines, [scope]: { texts: [...texts.keys()], images } } })
}

const pairs = (flat: readonly number[]) =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!] as const)
const threes = (flat: readonly number[]) =>
  Array.from({ length: flat.length / 3 }, (_, at) => [flat[3 * at]!, flat[3 * at + 1]!, flat[3 * at + 2]!] as const)
