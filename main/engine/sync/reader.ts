/** Reads images and containers from an engine: all of them, or those named by events. */
import * as v from 'valibot'
import type { Container, Image, ImageId } from '../../../model/image/image.ts'
import { readContainers, type ContainerRows } from '../api/container-list.ts'
import { inspectListedContainer } from '../api/containers.ts'
import { engineFailure, statusOf } from '../api/errors.ts'
import { listImages, type KnownImage } from '../api/image-list.ts'
import { inspectListedImage } from '../api/images.ts'
import type { Capabilities, EngineSession } from '../api/session.ts'
import type { Targets } from './invalidations.ts'
import type { InspectResult } from './live-state.ts'

/**
 * The engine replied with an error, or with a reply that does not parse. An engine refuses image requests while an
 * image is half removed (classic store: "layer does not exist"; containerd store: "content digest … not found"), and
 * always if its store is damaged.
 */
class Refusal {
  readonly detail
  constructor(detail: string) {
    this.detail = detail
  }
}

/** @returns the engine's message if it replied with an error or an unreadable body; undefined if it did not reply */
export function refusalOf(error: unknown): string | undefined {
  if (statusOf(error) === undefined && !v.isValiError(error)) return undefined
  const failure = engineFailure(error, { endpoint: '', kind: { type: 'unknown' } })
  return 'detail' in failure ? failure.detail : ''
}

async function orRefusal<Reply>(request: Promise<Reply>): Promise<Reply | Refusal> {
  try {
    return await request
  } catch (error) {
    const detail = refusalOf(error)
    if (detail === undefined) throw error
    return new Refusal(detail)
  }
}

/** Throws if the engine refuses the list. Timeout: 5 min. */
export async function readAllImages(session: EngineSession): Promise<KnownImage[]> {
  return (await listImages(session, { all: true })).map((image) => withoutDerivedDigests(image, session.capabilities))
}

/** @returns `failure` instead of the rows if the engine refuses the list. Timeout: 5 min. */
export async function readAllContainers(session: EngineSession): Promise<ContainerRows> {
  const rows = await orRefusal(readContainers(session))
  return rows instanceof Refusal ? { failure: rows.detail } : rows
}

/** The inspected objects, and the requests that the engine refused. */
export interface TargetsRead extends InspectResult {
  /** The engine's message for each refused image name. */
  readonly refusedImages: ReadonlyMap<string, string>
  /** The engine refused to inspect at least one container. */
  readonly refusedContainer: boolean
}

/**
 * Inspects the targets and the images that their new state affects: images that had one of the targets' tags until now
 * (no event reports that an image lost a tag to another one), and parents that are not known yet.
 */
export async function readTargets(session: EngineSession, known: ImagesById, targets: Targets): Promise<TargetsRead> {
  const [images, containers] = await Promise.all([
    readImagesAndAffected(session, known, targets),
    inspectContainers(session, targets.containers),
  ])
  return { ...images, ...containers }
}

async function readImagesAndAffected(session: EngineSession, known: ImagesById, targets: Targets) {
  const images = new Map<string, KnownImage | undefined>()
  const refusedImages = new Map<string, string>()
  const requested = new Set<string>()
  let toRead = [...targets.images]
  while (toRead.length > 0) {
    toRead.forEach((name) => requested.add(name))
    for (const [name, image, refusal] of await readImages(session, known, toRead)) {
      if (refusal) refusedImages.set(name, refusal.detail)
      if (image) images.set(image.id, image)
      else if (refusal) continue
      else if (known.has(name)) images.set(name, undefined)
    }
    toRead = affectedImages(images, known, [...targets.references, ...targets.images]).filter(
      (id) => !requested.has(id) && !images.has(id),
    )
  }
  return { images, refusedImages }
}

type ImagesById = ReadonlyMap<ImageId, Image>

/** @returns the ids of known images that held one of the references, and of unknown parents */
function affectedImages(
  images: ReadonlyMap<string, Image | undefined>,
  known: ImagesById,
  references: readonly string[],
): string[] {
  const tags = new Set([...references, ...[...images.values()].flatMap((image) => image?.references ?? [])])
  const holders = [...known.values()].filter(({ references }) => references.some((name) => tags.has(name)))
  const parents = [...images.values()].flatMap((image) => image?.parent ?? []).filter((id) => !known.has(id))
  return [...holders.map(({ id }) => id), ...parents]
}

/**
 * Inspects remembered images, four at a time, because the engine is busy with its list.
 * @returns the images by id; undefined for an image that is gone. Images that the engine refuses to inspect are left out.
 */
export async function readRemembered(session: EngineSession, known: ImagesById, ids: readonly ImageId[]) {
  const images = await mapInBatches(
    ids,
    async (id): Promise<readonly [ImageId, KnownImage | undefined][]> => {
      const image = await inspect(session, id)
      if (image instanceof Refusal) return []
      return [[id, image && (session.capabilities.store === 'containerd' ? keepKnownSize(image, known) : image)]]
    },
    4,
  )
  return new Map(images.flat())
}

/** A name with its image. The image is undefined if it does not exist, or if the engine refused to inspect it. */
type InspectedImage = readonly [name: string, image: KnownImage | undefined, refusal?: Refusal | undefined]

async function readImages(
  session: EngineSession,
  known: ImagesById,
  names: readonly string[],
): Promise<readonly InspectedImage[]> {
  const inspected = await mapInBatches(names, async (name): Promise<InspectedImage> => {
    const image = await inspect(session, name)
    return image instanceof Refusal ? [name, undefined, image] : [name, image]
  })
  return session.capabilities.store === 'containerd' ? replaceByRows(session, known, inspected) : inspected
}

/**
 * @returns the image with the size that is already known, since sizes rarely change. If no size is known, the size is marked
 * as unknown. The containerd store's inspect returns a size without the unpacked files.
 */
function keepKnownSize(inspected: KnownImage, known: ImagesById): KnownImage {
  const { sizeUnknown: _, ...image } = inspected
  const before = known.get(image.id)
  return before && !before.sizeUnknown ? { ...image, size: before.size } : { ...image, size: 0, sizeUnknown: true }
}

/** Calls `read` for each name, `batchSize` at a time. */
async function mapInBatches<Reply>(
  names: readonly string[],
  read: (name: string) => Promise<Reply>,
  batchSize = 16,
): Promise<Reply[]> {
  const replies: Reply[] = []
  for (let start = 0; start < names.length; start += batchSize)
    replies.push(...(await Promise.all(names.slice(start, start + batchSize).map(read))))
  return replies
}

async function inspect(session: EngineSession, name: string): Promise<KnownImage | Refusal | undefined> {
  const image = await orRefusal(inspectListedImage(session, name))
  return image && !(image instanceof Refusal) ? withoutDerivedDigests(image, session.capabilities) : image
}

/** Drops the digests that the containerd store derives for every tag. See `Image.digests`. */
const withoutDerivedDigests = (image: KnownImage, { store }: Capabilities): KnownImage =>
  store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image

/**
 * Replaces inspected images by their rows in a filtered list. The containerd store's inspect returns a size without the
 * unpacked files, and takes some fields from another tag than the list does. Tags and digests are still those of the
 * inspect, because the rows of a list filtered by reference have only the requested tags.
 */
async function replaceByRows(
  session: EngineSession,
  known: ImagesById,
  inspected: readonly InspectedImage[],
): Promise<readonly InspectedImage[]> {
  const images = inspected.flatMap(([, image]) => image ?? [])
  const tags = images.flatMap(({ references }) => references)
  const hasUntagged = images.some(({ references }) => references.length === 0)
  const rows = await orRefusal(
    Promise.all([
      tags.length > 0 ? listImages(session, { filters: { reference: tags } }) : [],
      hasUntagged ? listImages(session, { all: true, filters: { dangling: ['true'] } }) : [],
    ]).then((rows) => rows.flat()),
  )
  if (rows instanceof Refusal)
    return inspected.map(([name, image, refusal]): InspectedImage => [
      name,
      image && keepKnownSize(image, known),
      refusal ?? (image && rows),
    ])
  const listed = new Map(rows.map((image) => [image.id, image]))
  return inspected.map(([name, image, refusal]): InspectedImage => {
    const row = image && listed.get(image.id)
    return [name, row ? { ...row, references: image.references, digests: image.digests } : image, refusal]
  })
}

/**
 * Inspects each container, because the engine sends an event before it updates its list
 * (moby daemon/pause.go: the event is logged before the container is checkpointed).
 */
async function inspectContainers(session: EngineSession, ids: ReadonlySet<string>) {
  const containers = new Map<string, Container | undefined>()
  let refusedContainer = false
  await mapInBatches([...ids], async (id) => {
    const container = await orRefusal(inspectListedContainer(session, id))
    if (container instanceof Refusal) refusedContainer = true
    else containers.set(id, container)
  })
  return { containers, refusedContainer }
}
