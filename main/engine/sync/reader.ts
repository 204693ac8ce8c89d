/** Reading images and containers from an engine, all of them or those that a hint names. */
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { Container, Image, ImageId } from '../../../model/image/image.ts'
import type { Capabilities } from '../api/session.ts'
import type { Connection } from '../connect/connection.ts'
import { statusOf } from '../api/errors.ts'
import type { Names } from './hints.ts'
import type { Read } from './live.ts'
import { containerInspected, containerListed, imageInspected, imageListed, type KnownImage } from '../api/replies.ts'

/**
 * An engine refuses to tell of images while one of them is half gone ("layer does not exist" by the classic store,
 * "content digest … not found" by containerd's): it is asked again, for some ten seconds while many are removed.
 */
async function patiently<Answer>(ask: () => Promise<Answer>, final: readonly number[], waitMs = 100): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    const status = statusOf(error)
    if (status === undefined || final.includes(status) || waitMs > 6400) throw error
    await delay(waitMs)
    return patiently(ask, final, waitMs * 2)
  }
}

/** Asks for one image: 404 says that it is gone. */
const askForImage = <Answer>(ask: () => Promise<Answer>) => patiently(ask, [404])
/** Asks for a list, which always exists: 26.1's containerd store answers 404 while one of its images is half gone. */
const askForList = <Answer>(ask: () => Promise<Answer>) => patiently(ask, [])

export async function readAllImages({ ask, capabilities }: Connection): Promise<KnownImage[]> {
  const answer = await askForList(() => ask('/images/json', { all: true }))
  return v.parse(v.array(imageListed), answer).map((image) => withTrueDigests(image, capabilities))
}

export const readAllContainers = async ({ ask }: Connection): Promise<Container[]> =>
  v.parse(v.array(containerListed), await ask('/containers/json', { all: true }))

/**
 * Reads the named images and whatever else their new state touches: the images that carried one of their tags
 * until now (no event tells of a tag that moved away), and the parents that are not known yet.
 */
export async function readNamed(connection: Connection, known: Known, names: Names): Promise<Read> {
  const [images, containers] = await Promise.all([
    readTouched(connection, known, names),
    readContainers(connection, names.containers),
  ])
  return { images, containers }
}

async function readTouched(connection: Connection, known: Known, names: Names): Promise<Read['images']> {
  const images = new Map<string, KnownImage | undefined>()
  const asked = new Set<string>()
  let wanted = [...names.images]
  while (wanted.length > 0) {
    wanted.forEach((name) => asked.add(name))
    for (const [name, image] of await readImages(connection, wanted)) {
      if (image) images.set(image.id, image)
      else if (known.has(name)) images.set(name, undefined)
    }
    wanted = touched(images, known, [...names.references, ...names.images]).filter(
      (id) => !asked.has(id) && !images.has(id),
    )
  }
  return images
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
 * Asks for images that are remembered, few at once, as the engine is busy with its list. One that it stumbles over is
 * left to the list.
 */
export async function readRemembered(connection: Connection, known: Known, ids: readonly ImageId[]) {
  const ask = async (id: ImageId): Promise<Looked | undefined> => {
    try {
      const image = await inspect(connection, id)
      // What is unpacked of an image changes seldom; the containerd store's inspect leaves it out.
      const size = connection.capabilities.store === 'containerd' ? known.get(id)?.size : undefined
      return [id, image && { ...image, size: size ?? image.size }]
    } catch (error) {
      if (statusOf(error) === undefined) throw error
      return undefined
    }
  }
  return new Map((await each(ids, ask, 4)).filter((looked) => looked !== undefined))
}

/** A name, and the image it names: undefined where there is none. */
type Looked = readonly [name: string, image: KnownImage | undefined]

async function readImages(connection: Connection, names: readonly string[]): Promise<readonly Looked[]> {
  const looked = await each(names, async (name): Promise<Looked> => [name, await inspect(connection, name)])
  return connection.capabilities.store === 'containerd' ? asListed(connection, looked) : looked
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

async function inspect({ ask, capabilities }: Connection, name: string): Promise<KnownImage | undefined> {
  const image = await found(
    askForImage(() => ask(`/images/${name}/json`)),
    imageInspected,
  )
  return image && withTrueDigests(image, capabilities)
}

const withTrueDigests = (image: KnownImage, { store }: Capabilities): KnownImage =>
  store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image

/**
 * The containerd store's inspect leaves the unpacked files out of the size, and tells an image's other facts by another
 * of its tags than the list does. The list tells of the tags asked for alone.
 */
async function asListed({ ask }: Connection, looked: readonly Looked[]): Promise<readonly Looked[]> {
  const images = looked.flatMap(([, image]) => image ?? [])
  const tags = images.flatMap(({ references }) => references)
  const untagged = images.some(({ references }) => references.length === 0)
  const lists = await Promise.all([
    tags.length > 0 ? askForList(() => ask('/images/json', { filters: { reference: tags } })) : [],
    untagged ? askForList(() => ask('/images/json', { all: true, filters: { dangling: ['true'] } })) : [],
  ])
  const listed = new Map(lists.flatMap((list) => v.parse(v.array(imageListed), list)).map((image) => [image.id, image]))
  return looked.map(([name, image]): Looked => {
    const same = image && listed.get(image.id)
    return [name, same ? { ...same, references: image.references, digests: image.digests } : image]
  })
}

/**
 * Asks for each container by itself: the engine tells of a change before its own list has it
 * (moby daemon/pause.go: the event is logged before the container is checkpointed).
 */
async function readContainers(
  { ask }: Connection,
  ids: ReadonlySet<string>,
): Promise<Map<string, Container | undefined>> {
  return new Map(
    await each([...ids], async (id) => [id, await found(ask(`/containers/${id}/json`), containerInspected)] as const),
  )
}
