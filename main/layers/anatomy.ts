/** An image taken apart, as the engine tells it: its layers, its history, and in the containerd store its blobs. */
import * as v from 'valibot'
import type { Bytes, Image, ImageId } from '../../model/image/image.ts'
import type { Digest, HistoryEntry } from '../../model/layers/sizes.ts'
import { fail, ok, type Result } from '../../preload/contract/index.ts'
import {
  inspectImage,
  list,
  readHistory,
  statusOf,
  text,
  type ContentStore,
  type EngineSession,
} from '../engine/index.ts'

export interface Blob {
  readonly digest: Digest
  readonly size: Bytes
}

/** What is read of an image, once. */
export interface ImageRead {
  readonly diffIds: readonly Digest[]
  /** Base first. */
  readonly history: readonly HistoryEntry[]
  /** What its layers take, unpacked. */
  readonly layersSize: Bytes
  /** Compressed content; the classic store keeps none. */
  readonly content?: { readonly size: Bytes; readonly blobs?: readonly Blob[] }
  /**
   * Whether its layers stay unpacked as long as it is there. The containerd store unpacks for the first image that needs
   * them and notes it at that one's config; another loaded later stands on the same and does not keep them.
   */
  readonly holdsLayers: boolean
  /**
   * Nothing of it can change as long as it has this id: not so where the id is an index that may gain platforms, or
   * where layers may yet be unpacked for it.
   */
  readonly lasting: boolean
}

export async function readImage(
  session: EngineSession,
  image: Image,
  content: ContentStore | undefined,
): Promise<ImageRead | undefined> {
  const { store } = session.capabilities
  const [about, steps] = await Promise.all([
    inspectImage(session, image.id),
    // A history that contradicts its layers, or layers that are not unpacked: what remains is what they take together.
    readHistory(session, image.id).catch((error: unknown) => {
      if (statusOf(error) === undefined) throw error
      return undefined
    }),
  ])
  if (!about) return undefined
  const told = (steps ?? []).toReversed().map((step) => ({ createdBy: step.CreatedBy, size: step.Size }))
  const diffIds = about.RootFS.Layers
  if (store === 'classic') return { diffIds, history: told, layersSize: about.Size, holdsLayers: true, lasting: true }

  const found = content && (await readContent(content, image.id).catch(() => undefined))
  const contentSize = found ? total(found.blobs) : about.Size
  const made = found?.history.length === told.length ? found.history : undefined
  const makers = made ? made.filter(({ empty }) => !empty).length : told.length
  // The containerd store's inspect counts compressed content, its list the unpacked layers as well. Both count a blob
  // twice that an image has twice.
  const unpacked =
    steps && makers >= diffIds.length
      ? told.reduce((sum, { size }) => sum + size, 0)
      : Math.max(0, image.size - about.Size)
  // Where none is unpacked, 26.1 tells of no history; what made the layers stands in the config all the same.
  const sizeless = steps || unpacked > 0 ? undefined : found?.history.map((step) => ({ ...step, size: 0 }))
  const holdsLayers = found?.holdsLayers ?? true
  return {
    diffIds,
    history: sizeless ?? (made ? told.map((step, at) => ({ ...step, empty: made[at]!.empty })) : told),
    layersSize: unpacked,
    content: { size: contentSize, ...(found && { blobs: found.blobs }) },
    holdsLayers,
    lasting: steps !== undefined && found !== undefined && !found.index && holdsLayers,
  }
}

/** The same for whoever waits for it: an image that is gone is told. */
export async function readOne(
  session: EngineSession,
  image: Image,
  content: ContentStore | undefined,
): Promise<Result<ImageRead>> {
  const read = await readImage(session, image, content)
  return read ? ok(read) : fail({ code: 'image-gone', image: image.id })
}

const total = (blobs: readonly Blob[]) => blobs.reduce((sum, { size }) => sum + size, 0)

const descriptor = v.object({ digest: v.string(), size: v.number() })
const manifest = v.object({
  config: v.optional(descriptor),
  layers: v.optional(v.array(descriptor), []),
  manifests: v.optional(v.array(descriptor)),
})
const config = v.object({
  history: list(v.object({ created_by: text, empty_layer: v.optional(v.boolean(), false) })),
})

interface Content {
  /** Those that are there: of an image for several platforms the engine has only some. */
  readonly blobs: readonly Blob[]
  /** Base first, where there is one platform to ask: what made it, and which steps made no layer. */
  readonly history: readonly { readonly createdBy: string; readonly empty: boolean }[]
  readonly index: boolean
  readonly holdsLayers: boolean
}

/** At a config: the unpacked layers that stay as long as it does (containerd docs/garbage-collection.md). */
const heldLayers = 'containerd.io/gc.ref.snapshot.'

async function readContent(content: ContentStore, id: ImageId): Promise<Content> {
  const blobs = new Map<Digest, Blob>()
  const configs: Digest[] = []
  let [index, holdsLayers] = [false, false]

  async function add(digest: Digest): Promise<boolean> {
    if (blobs.has(digest)) return true
    const info = await content.info(digest)
    if (!info) return false
    blobs.set(digest, { digest, size: info.size })
    holdsLayers ||= info.labels.some((name) => name.startsWith(heldLayers))
    return true
  }
  async function walk(digest: Digest): Promise<void> {
    if (!(await add(digest))) return
    const parsed = v.parse(manifest, JSON.parse(String(await content.read(digest))))
    if (parsed.manifests) {
      index = true
      for (const child of parsed.manifests) await walk(child.digest)
    }
    const parts = [...(parsed.config ? [parsed.config] : []), ...parsed.layers]
    const there = await Promise.all(parts.map((part) => add(part.digest)))
    if (parsed.config && there[0]) configs.push(parsed.config.digest)
  }
  await walk(id)
  if (blobs.size === 0) throw new Error(`${id} is not in the content store`)

  const [only, ...others] = configs
  if (only === undefined || others.length > 0) return { blobs: [...blobs.values()], history: [], index, holdsLayers }
  const { history } = v.parse(config, JSON.parse(String(await content.read(only))))
  return {
    blobs: [...blobs.values()],
    history: history.map((entry) => ({ createdBy: entry.created_by, empty: entry.empty_layer })),
    index,
    holdsLayers,
  }
}
