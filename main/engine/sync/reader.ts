/** Reading images and containers from an engine, all of them or those that a hint names. */
import * as v from 'valibot'
import type { Container, Image, ImageId } from '../../../model/image/image.ts'
import type { Capabilities } from '../api/session.ts'
import type { Connection } from '../connect/connection.ts'
import { engineFailure, statusOf } from '../api/errors.ts'
import type { Names } from './hints.ts'
import type { Read } from './live.ts'
import {
  containerInspected,
  imageInspected,
  parseContainerRows,
  parseImageRows,
  type ContainerRows,
  type KnownImage,
} from '../api/replies.ts'

/**
 * The engine answered, and not with what was asked for. An engine refuses to tell of images while one of them is half
 * gone ("layer does not exist" by the classic store, "content digest … not found" by containerd's), and a store that is
 * damaged refuses for good.
 */
class Refusal {
  readonly said
  constructor(said: string) {
    this.said = said
  }
}

/** The engine's words where it answered with an error or with what cannot be read; undefined if it did not answer. */
export function refusalOf(error: unknown): string | undefined {
  if (statusOf(error) === undefined && !v.isValiError(error)) return undefined
  const failure = engineFailure(error, '')
  return 'detail' in failure ? failure.detail : ''
}

async function orRefusal<Answer>(question: Promise<Answer>): Promise<Answer | Refusal> {
  try {
    return await question
  } catch (error) {
    const said = refusalOf(error)
    if (said === undefined) throw error
    return new Refusal(said)
  }
}

export async function readAllImages({ ask, capabilities }: Connection): Promise<KnownImage[]> {
  return parseImageRows(await ask('/images/json', { all: true })).map((image) => withTrueDigests(image, capabilities))
}

export async function readAllContainers({ ask }: Connection): Promise<ContainerRows> {
  const rows = await orRefusal(ask('/containers/json', { all: true }).then(parseContainerRows))
  return rows instanceof Refusal ? { failure: rows.said } : rows
}

/** What was read, and what the engine refused to tell of. */
export interface NamedRead extends Read {
  /** Names of images, with the engine's words. */
  readonly refusedImages: ReadonlyMap<string, string>
  /** The engine did not tell of one of the containers. */
  readonly refusedContainer: boolean
}

/**
 * Reads the named images and whatever else their new state touches: the images that carried one of their tags
 * until now (no event tells of a tag that moved away), and the parents that are not known yet.
 */
export async function readNamed(connection: Connection, known: Known, names: Names): Promise<NamedRead> {
  const [images, containers] = await Promise.all([
    readTouched(connection, known, names),
    readContainers(connection, names.containers),
  ])
  return { ...images, ...containers }
}

async function readTouched(connection: Connection, known: Known, names: Names) {
  const images = new Map<string, KnownImage | undefined>()
  const refusedImages = new Map<string, string>()
  const asked = new Set<string>()
  let wanted = [...names.images]
  while (wanted.length > 0) {
    wanted.forEach((name) => asked.add(name))
    for (const [name, image, refusal] of await readImages(connection, known, wanted)) {
      if (refusal) refusedImages.set(name, refusal.said)
      if (image) images.set(image.id, image)
      else if (refusal) continue
      else if (known.has(name)) images.set(name, undefined)
    }
    wanted = touched(images, known, [...names.references, ...names.images]).filter(
      (id) => !asked.has(id) && !images.has(id),
    )
  }
  return { images, refusedImages }
}

type Known = ReadonlyMap<ImageId, Image>

function touched(
  images: ReadonlyMap<string, Image | undefined>,
  known: Known,
  references: readonly string[],
): string[] {
  const taken = new Set([...references, ...[...images.values()].flatMap((image) => image?.references ?? [])])
  const holders = [...known.values()].filter(({ references }) => references.some((name) => taken.has(name)))
  const parents = [...images.values()].flatMap((image) => image?.parent ?? []).filter((id) => !known.has(id))
  return [...holders.map(({ id }) => id), ...parents]
}

/**
 * Asks for images that are remembered, few at once, as the engine is busy with its list. One that the engine refuses to
 * tell of is left to the list.
 */
export async function readRemembered(connection: Connection, known: Known, ids: readonly ImageId[]) {
  const images = await each(
    ids,
    async (id): Promise<readonly [ImageId, KnownImage | undefined][]> => {
      const image = await inspect(connection, id)
      if (image instanceof Refusal) return []
      return [[id, image && (connection.capabilities.store === 'containerd' ? withKnownSize(image, known) : image)]]
    },
    4,
  )
  return new Map(images.flat())
}

/** A name, and the image it names: undefined if there is none, or if the engine refuses to tell. */
type Looked = readonly [name: string, image: KnownImage | undefined, refusal?: Refusal | undefined]

async function readImages(connection: Connection, known: Known, names: readonly string[]): Promise<readonly Looked[]> {
  const looked = await each(names, async (name): Promise<Looked> => {
    const image = await inspect(connection, name)
    return image instanceof Refusal ? [name, undefined, image] : [name, image]
  })
  return connection.capabilities.store === 'containerd' ? asListed(connection, known, looked) : looked
}

/** What is unpacked of an image changes seldom, and the containerd store's inspect leaves it out of the size. */
function withKnownSize(inspected: KnownImage, known: Known): KnownImage {
  const { sizeUnknown: _, ...image } = inspected
  const before = known.get(image.id)
  return before && !before.sizeUnknown ? { ...image, size: before.size } : { ...image, size: 0, sizeUnknown: true }
}

/** Asks a few at a time. */
async function each<Answer>(
  names: readonly string[],
  ask: (name: string) => Promise<Answer>,
  atOnce = 16,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let start = 0; start < names.length; start += atOnce)
    answers.push(...(await Promise.all(names.slice(start, start + atOnce).map(ask))))
  return answers
}

/** Undefined where the engine knows no such thing. */
async function found<Schema extends v.GenericSchema>(
  question: Promise<unknown>,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return v.parse(schema, await question)
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

async function inspect({ ask, capabilities }: Connection, name: string): Promise<KnownImage | Refusal | undefined> {
  const image = await orRefusal(found(ask(`/images/${name}/json`), imageInspected))
  return image && !(image instanceof Refusal) ? withTrueDigests(image, capabilities) : image
}

const withTrueDigests = (image: KnownImage, { store }: Capabilities): KnownImage =>
  store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image

/**
 * The containerd store's inspect leaves the unpacked files out of the size, and tells an image's other facts by another
 * of its tags than the list does. The list tells of the tags asked for alone.
 */
async function asListed({ ask }: Connection, known: Known, looked: readonly Looked[]): Promise<readonly Looked[]> {
  const images = looked.flatMap(([, image]) => image ?? [])
  const tags = images.flatMap(({ references }) => references)
  const untagged = images.some(({ references }) => references.length === 0)
  const lists = await orRefusal(
    Promise.all([
      tags.length > 0 ? ask('/images/json', { filters: { reference: tags } }) : [],
      untagged ? ask('/images/json', { all: true, filters: { dangling: ['true'] } }) : [],
    ]).then((replies) => replies.flatMap(parseImageRows)),
  )
  if (lists instanceof Refusal)
    return looked.map(([name, image, refusal]): Looked => [
      name,
      image && withKnownSize(image, known),
      refusal ?? (image && lists),
    ])
  const listed = new Map(lists.map((image) => [image.id, image]))
  return looked.map(([name, image, refusal]): Looked => {
    const same = image && listed.get(image.id)
    return [name, same ? { ...same, references: image.references, digests: image.digests } : image, refusal]
  })
}

/**
 * Asks for each container by itself: the engine tells of a change before its own list has it
 * (moby daemon/pause.go: the event is logged before the container is checkpointed).
 */
async function readContainers({ ask }: Connection, ids: ReadonlySet<string>) {
  const containers = new Map<string, Container | undefined>()
  let refusedContainer = false
  await each([...ids], async (id) => {
    const container = await orRefusal(found(ask(`/containers/${id}/json`), containerInspected))
    if (container instanceof Refusal) refusedContainer = true
    else containers.set(id, container)
  })
  return { containers, refusedContainer }
}
