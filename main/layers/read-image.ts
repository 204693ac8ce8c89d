/** Reads an image from the engine: its layers, its history and, in the containerd store, its blobs. */
import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import type { Bytes, Image, ImageId } from '../../model/image/image.ts'
import type { Digest, HistoryEntry } from '../../model/layers/sizes.ts'
import { fail, ok, type Result } from '../../preload/contract/index.ts'
import {
  engineFailure,
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

/** The layers, history and blobs of an image, as read from the engine. */
export interface ImageRead {
  readonly diffIds: readonly Digest[]
  /** Base first. */
  readonly history: readonly HistoryEntry[]
  /** Size of the unpacked layers. */
  readonly layersSize: Bytes
  /** The compressed content. Absent in the classic store, which keeps none. */
  readonly content?: { readonly size: Bytes; readonly blobs?: readonly Blob[] }
  /**
   * Whether the image protects its unpacked layers from garbage collection. The containerd store unpacks a layer for the
   * first image that needs it and adds a label to that image's config; images loaded later use the layer without
   * protecting it.
   */
  readonly holdsLayers: boolean
  /**
   * The digests that an index lists and the engine does not have, such as those of other platforms. The read of an index
   * is valid while these are absent and all of its blobs are present; everything else is fixed by the index's digest.
   */
  readonly absent?: readonly Digest[]
  /** Whether the read can be stored by the image's id. False if it is incomplete, or layers may yet be unpacked. */
  readonly cacheable: boolean
  /** Set if a request failed that may succeed later. Never set on a cacheable read. */
  readonly partial?: true
}

/** The result of a request that failed and may succeed later. */
const temporaryFailure = Symbol('temporary failure')

/** @returns undefined if the image is gone */
export async function readImage(
  session: EngineSession,
  image: Image,
  content: ContentStore | undefined,
): Promise<ImageRead | undefined> {
  const { store } = session.capabilities
  const [inspected, historyResult] = await Promise.all([
    inspectImage(session, image.id),
    readHistory(session, image.id).catch((error: unknown) =>
      isHistoryUnavailable(error) ? undefined : temporaryFailure,
    ),
  ])
  if (!inspected) return undefined
  const steps = historyResult === temporaryFailure ? undefined : historyResult
  const history = (steps ?? []).toReversed().map((step) => ({ createdBy: step.CreatedBy, size: step.Size }))
  const diffIds = inspected.RootFS.Layers
  const partialFields = (isPartial: boolean) => (isPartial ? { cacheable: false, partial: true as const } : {})
  if (store === 'classic')
    return {
      ...{ diffIds, history, layersSize: inspected.Size.size, holdsLayers: true, cacheable: true },
      ...partialFields(historyResult === temporaryFailure),
    }

  const contentResult = content && (await readContent(content, image.id, diffIds).catch(toContentResult))
  const storedContent = contentResult === temporaryFailure ? undefined : contentResult
  const contentSize = storedContent ? total(storedContent.blobs) : inspected.Size.size
  const configHistory = storedContent?.history.length === history.length ? storedContent.history : undefined
  const layerStepCount = configHistory ? configHistory.filter(({ empty }) => !empty).length : history.length
  // In the containerd store, inspect reports the compressed size, and the list adds the size of the unpacked layers. A
  // blob that the image has twice is counted twice in both sizes.
  const unpacked =
    steps && layerStepCount >= diffIds.length
      ? history.reduce((sum, { size }) => sum + size, 0)
      : Math.max(0, image.size - inspected.Size.size)
  // If no layer is unpacked, 26.1 returns no history. The config still has the history, without sizes.
  const historyWithoutSizes =
    steps || unpacked > 0 ? undefined : storedContent?.history.map((step) => ({ ...step, size: 0 }))
  const holdsLayers = storedContent?.holdsLayers ?? true
  return {
    diffIds,
    history:
      historyWithoutSizes ??
      (configHistory ? history.map((step, index) => ({ ...step, empty: configHistory[index]!.empty })) : history),
    layersSize: unpacked,
    content: { size: contentSize, ...(storedContent && { blobs: storedContent.blobs }) },
    holdsLayers,
    ...(storedContent?.absent && { absent: storedContent.absent }),
    cacheable: steps !== undefined && storedContent !== undefined && holdsLayers,
    // Every engine with the containerd store serves its content store, so a failure to open it is temporary.
    ...partialFields(historyResult === temporaryFailure || contentResult === temporaryFailure || !content),
  }
}

/**
 * Whether the engine cannot return a history: the layers are not unpacked (404), or the history contradicts the layers.
 * Any other failure may be temporary.
 * @see moby daemon/images/image_history.go and daemon/containerd/image_history.go
 */
const isHistoryUnavailable = (error: unknown) =>
  statusOf(error) === 404 || /non-empty layers|size of the layer/.test(String(error))

/** @returns undefined if the content cannot be parsed, which is permanent. Any other failure may be temporary. */
const toContentResult = (error: unknown) =>
  error instanceof SyntaxError || v.isValiError(error) ? undefined : temporaryFailure

/**
 * Like `readImage`, but returns a failed result if the engine refuses a request or the image is gone.
 * @throws if the engine cannot be reached
 */
export async function readImageResult(
  session: EngineSession,
  image: Image,
  content: ContentStore | undefined,
): Promise<Result<ImageRead>> {
  try {
    const read = await readImage(session, image, content)
    return read ? ok(read) : fail({ code: 'image-gone', image: image.id })
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return fail(engineFailure(error, session.context))
  }
}

const total = (blobs: readonly Blob[]) => blobs.reduce((sum, { size }) => sum + size, 0)

const descriptor = v.object({ digest: v.string(), size: v.number() })
const manifest = v.object({
  config: v.optional(descriptor),
  layers: v.optional(v.array(descriptor), []),
  manifests: v.optional(v.array(descriptor)),
})
const config = v.object({
  rootfs: v.nullish(v.object({ diff_ids: list(v.string()) }), { diff_ids: [] }),
  history: list(v.object({ created_by: text, empty_layer: v.optional(v.boolean(), false) })),
})

interface Content {
  /** The blobs that the engine has. A multi-platform image usually lacks those of other platforms. */
  readonly blobs: readonly Blob[]
  /** Base first. `empty`: the step made no layer. */
  readonly history: readonly { readonly createdBy: string; readonly empty: boolean }[]
  /** The digests that an index lists and the engine does not have. */
  readonly absent?: readonly Digest[]
  readonly holdsLayers: boolean
}

/** Prefix of the labels by which a config protects unpacked layers (containerd docs/garbage-collection.md). */
const snapshotLabel = 'containerd.io/gc.ref.snapshot.'

/**
 * @param diffIds identify the config that the engine uses. An index may have several, for example those of attestations.
 * @throws if the content store does not have the image, or its JSON cannot be parsed
 */
async function readContent(content: ContentStore, id: ImageId, diffIds: readonly Digest[]): Promise<Content> {
  const blobs = new Map<Digest, Blob>()
  const absent = new Set<Digest>()
  const configs: Digest[] = []
  let [isIndex, holdsLayers] = [false, false]

  /** Adds a blob. @returns whether the engine has the blob */
  async function add(digest: Digest): Promise<boolean> {
    if (blobs.has(digest)) return true
    const info = await content.info(digest)
    if (!info) {
      absent.add(digest)
      return false
    }
    blobs.set(digest, { digest, size: info.size })
    holdsLayers ||= info.labels.some((name) => name.startsWith(snapshotLabel))
    return true
  }
  async function walk(digest: Digest): Promise<void> {
    if (!(await add(digest))) return
    const parsed = v.parse(manifest, JSON.parse(String(await content.read(digest))))
    if (parsed.manifests) {
      isIndex = true
      for (const child of parsed.manifests) await walk(child.digest)
    }
    const parts = [...(parsed.config ? [parsed.config] : []), ...parsed.layers]
    const present = await Promise.all(parts.map((part) => add(part.digest)))
    if (parsed.config && present[0]) configs.push(parsed.config.digest)
  }
  await walk(id)
  if (blobs.size === 0) throw new Error(`${id} is not in the content store`)

  const parsedConfigs = (await Promise.all(configs.map((digest) => content.read(digest)))).flatMap(
    (bytes) => parseConfig(bytes) ?? [],
  )
  const usedConfig = parsedConfigs.find(
    ({ rootfs }) => configs.length === 1 || isDeepStrictEqual(rootfs.diff_ids, diffIds),
  )
  const history = usedConfig?.history ?? []
  return {
    blobs: [...blobs.values()],
    history: history.map((entry) => ({ createdBy: entry.created_by, empty: entry.empty_layer })),
    ...(isIndex && { absent: [...absent] }),
    holdsLayers,
  }
}

/** @returns undefined if this is not an image config: an index may list other kinds of artifacts */
function parseConfig(bytes: Buffer | undefined): v.InferOutput<typeof config> | undefined {
  try {
    const parsed = v.safeParse(config, JSON.parse(String(bytes)))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
