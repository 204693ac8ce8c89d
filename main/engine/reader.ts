/** Reading images and containers from an engine, all of them or those that a hint names. */
import * as v from 'valibot'
import type { Container, Image } from '../../model/image.ts'
import type { Capabilities } from './capabilities.ts'
import type { Connection } from './connection.ts'
import { statusOf } from './errors.ts'
import type { Live, Read } from './live.ts'
import { containerInspected, containerListed, imageInspected, imageListed } from './replies.ts'

const atOnce = 16

export async function readAll({
  docker,
  capabilities,
}: Connection): Promise<{ images: Image[]; containers: Container[] }> {
  const [images, containers] = await Promise.all([
    docker.listImages({ all: true }),
    docker.listContainers({ all: true }),
  ])
  return {
    images: v.parse(v.array(imageListed), images).map((image) => withTrueDigests(image, capabilities)),
    containers: v.parse(v.array(containerListed), containers),
  }
}

/**
 * Reads the named images and whatever else their new state touches: the images that carried one of their tags
 * until now (no event tells of a tag that moved away), and the parents that are not known yet.
 */
export async function readNamed(
  connection: Connection,
  live: Live,
  names: ReadonlySet<string>,
  containerIds: ReadonlySet<string>,
): Promise<Read> {
  const containers = readContainers(connection, containerIds)
  const images = new Map<string, Image | undefined>()
  const asked = new Set<string>()
  let wanted = [...names]
  while (wanted.length > 0) {
    wanted.forEach((name) => asked.add(name))
    for (const [name, image] of await readImages(connection, wanted)) {
      if (image) images.set(image.id, image)
      else if (live.images().has(name)) images.set(name, undefined)
    }
    wanted = touched(images, live).filter((id) => !asked.has(id) && !images.has(id))
  }
  return { images, containers: await containers }
}

function touched(images: ReadonlyMap<string, Image | undefined>, live: Live): string[] {
  const taken = new Set([...images.values()].flatMap((image) => image?.references ?? []))
  const holders = [...live.images().values()].filter(({ references }) => references.some((name) => taken.has(name)))
  const parents = [...images.values()].flatMap((image) => image?.parent ?? []).filter((id) => !live.images().has(id))
  return [...holders.map(({ id }) => id), ...parents]
}

/** A name, and the image it names: undefined where there is none. */
type Looked = readonly [name: string, image: Image | undefined]

async function readImages(connection: Connection, names: readonly string[]): Promise<readonly Looked[]> {
  const looked = await each(names, async (name): Promise<Looked> => [name, await inspect(connection, name)])
  return connection.capabilities.store === 'containerd' ? withListedSizes(connection, looked) : looked
}

/** Asks a few at a time. */
async function each<Answer>(names: readonly string[], ask: (name: string) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let start = 0; start < names.length; start += atOnce)
    answers.push(...(await Promise.all(names.slice(start, start + atOnce).map(ask))))
  return answers
}

/** Undefined where the engine knows no such thing. */
async function found<Answer>(question: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await question
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

async function inspect({ docker, capabilities }: Connection, name: string): Promise<Image | undefined> {
  const reply = await found(docker.getImage(name).inspect())
  return reply && withTrueDigests(v.parse(imageInspected, reply), capabilities)
}

const withTrueDigests = (image: Image, { store }: Capabilities): Image =>
  store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image

/** The containerd store's inspect leaves the unpacked files out of the size, its list does not. */
async function withListedSizes({ docker }: Connection, looked: readonly Looked[]): Promise<readonly Looked[]> {
  const images = looked.flatMap(([, image]) => image ?? [])
  const tags = images.flatMap(({ references }) => references[0] ?? [])
  const untagged = images.some(({ references }) => references.length === 0)
  const lists = await Promise.all([
    tags.length > 0 ? docker.listImages({ filters: { reference: tags } }) : [],
    untagged ? docker.listImages({ all: true, filters: { dangling: ['true'] } }) : [],
  ])
  const sizes = new Map(v.parse(v.array(imageListed), lists.flat()).map(({ id, size }) => [id, size]))
  return looked.map(([name, image]): Looked => [name, image && { ...image, size: sizes.get(image.id) ?? image.size }])
}

/**
 * Asks for each container by itself: the engine tells of a change before its own list has it
 * (moby daemon/pause.go: the event is logged before the container is checkpointed).
 */
async function readContainers(
  { docker }: Connection,
  ids: ReadonlySet<string>,
): Promise<Map<string, Container | undefined>> {
  const read = await each([...ids], async (id) => {
    const reply = await found(docker.getContainer(id).inspect())
    return [id, reply && v.parse(containerInspected, reply)] as const
  })
  return new Map(read)
}
