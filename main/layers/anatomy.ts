/** An image taken apart, as the engine tells it: its layers, its history, and in the containerd store its blobs. */
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
   * Of an index: what it names and the engine does not have, such as other platforms. The read holds as long as these
   * stay away and all blobs stay: nothing else of an index can change, since its digest covers the rest.
   */
  readonly absent?: readonly Digest[]
  /** The read holds as long as the image has this id; not so where layers may yet be unpacked for it. */
  readonly lasting: boolean
  /** A question failed that may be answered later, so more can be known. Never lasting. */
  readonly partial?: true
}

/** Stands for an answer that did not come, and may come later. */
const unanswered = Symbol('unanswered')

/** @returns undefined if the image is gone */
export async function readImage(
  session: EngineSession,
  image: Image,
  content: ContentStore | undefined,
): Promise<ImageRead | undefined> {
  const { store } = session.capabilities
  const [about, answer] = await Promise.all([
    inspectImage(session, image.id),
    readHistory(session, image.id).catch((error: unknown) => (hasNoHistory(error) ? undefined : unanswered)),
  ])
  if (!about) return undefined
  const steps = answer === unanswered ? undefined : answer
  const told = (steps ?? []).toReversed().map((step) => ({ createdBy: step.CreatedBy, size: step.Size }))
  const diffIds = about.RootFS.Layers
  const partial = (failed: boolean) => (failed ? { lasting: false, partial: true as const } : {})
  if (store === 'classic')
    return {
      ...{ diffIds, history: told, layersSize: about.Size, holdsLayers: true, lasting: true },
      ...partial(answer === unanswered),
    }

  const stored = content && (await readContent(content, image.id, diffIds).catch(lastingFault))
  const found = stored === unanswered ? undefined : stored
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
    ...(found?.absent && { absent: found.absent }),
    lasting: steps !== undefined && found !== undefined && holdsLayers,
    // Every engine with this store has a content store that answers.
    ...partial(answer === unanswered || stored === unanswered || !content),
  }
}

/**
 * The engine has no history to tell: of layers that are not unpacked (404), or because the history contradicts the
 * layers (moby daemon/images/image_history.go and daemon/containerd/image_history.go). Any other failure may pass.
 */
const hasNoHistory = (error: unknown) =>
  statusOf(error) === 404 || /non-empty layers|size of the layer/.test(String(error))

/** Content that was read and not understood stays as it is; a question that failed may be answered later. */
const lastingFault = (error: unknown) => (error instanceof SyntaxError || v.isValiError(error) ? undefined : unanswered)

/** The same for whoever waits for it: an image that is gone is told. */
export async function readOne(
  session: EngineSession,
  image: Image,
  content: ContentStore | undefined,
): Promise<Result<ImageRead>> {
  try {
    const read = await readImage(session, image, content)
    return read ? ok(read) : fail({ code: 'image-gone', image: image.id })
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return fail(engineFailure(error, session.context.endpoint))
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
  /** Those that are there: of an image for several platforms the engine has only some. */
  readonly blobs: readonly Blob[]
  /** Base first: what made the image, and which steps made no layer. */
  readonly history: readonly { readonly createdBy: string; readonly empty: boolean }[]
  /** Of an index: what it names and is not there. */
  readonly absent?: readonly Digest[]
  readonly holdsLayers: boolean
}

/** At a config: the unpacked layers that stay as long as it does (containerd docs/garbage-collection.md). */
const heldLayers = 'containerd.io/gc.ref.snapshot.'

/** `diffIds` tell which of an index's images the engine itself uses: BuildKit's attestations have configs too. */
async function readContent(content: ContentStore, id: ImageId, diffIds: readonly Digest[]): Promise<Content> {
  const blobs = new Map<Digest, Blob>()
  const absent = new Set<Digest>()
  const configs: Digest[] = []
  let [index, holdsLayers] = [false, false]

  async function add(digest: Digest): Promise<boolean> {
    if (blobs.has(digest)) return true
    const info = await content.info(digest)
    if (!info) {
      absent.add(digest)
      return false
    }
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

  const understood = (await Promise.all(configs.map((digest) => content.read(digest)))).flatMap(
    (bytes) => parsedConfig(bytes) ?? [],
  )
  const own = understood.find(({ rootfs }) => configs.length === 1 || isDeepStrictEqual(rootfs.diff_ids, diffIds))
  const history = own?.history ?? []
  return {
    blobs: [...blobs.values()],
    history: history.map((entry) => ({ createdBy: entry.created_by, empty: entry.empty_layer })),
    ...(index && { absent: [...absent] }),
    holdsLayers,
  }
}

/** @returns undefined if this is no image's configuration: an index may name other things beside images. */
function parsedConfig(bytes: Buffer | undefined): v.InferOutput<typeof config> | undefined {
  try {
    const parsed = v.safeParse(config, JSON.parse(String(bytes)))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
