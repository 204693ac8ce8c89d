/** What others do to an engine, at random. */
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import fc from 'fast-check'
import { statusOf } from '../../../main/engine/api/errors.ts'
import { splitReference } from '../../../model/image/image.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { tarEnd, tarFile } from '../../../tools/world/tar.ts'
import { userland } from '../../../tools/world/userland.ts'

/** Few names and contents, so that they meet. */
const name = fc.constantFrom('one:1', 'one:2', 'two:latest', 'localhost:5000/three:1')

interface Things {
  readonly docker: Docker
  readonly image: string
  readonly container: string
  readonly content: number
  readonly name: string | undefined
  readonly names: readonly string[]
}

const deeds = {
  tag: ({ docker, image, name = 'one:1' }: Things) => docker.getImage(image).tag(named(name)),
  untag: ({ docker, name = 'one:1' }: Things) => docker.getImage(name).remove(),
  remove: ({ docker, image }: Things) => docker.getImage(image).remove(),
  'remove by force': ({ docker, image }: Things) => docker.getImage(image).remove({ force: true }),
  async import({ docker, content, name }: Things) {
    const tar = Readable.from([tarFile('content', `${content}`), tarEnd()])
    await heard(await docker.importImage(tar, name ? named(name) : {}))
  },
  load: ({ docker, content, names }: Things) =>
    loadImages(docker, [
      { ...box, references: names, steps: [{ instruction: `COPY ${content} /`, bytes: 1000 + content }] },
    ]),
  async build({ docker, content, name }: Things) {
    const tar = Readable.from([tarFile('Dockerfile', `FROM box:1\nLABEL a=${content}\nLABEL b=${content}\n`), tarEnd()])
    await heard(await docker.buildImage(tar, name ? { t: name } : {}))
  },
  commit: ({ docker, container, name }: Things) => docker.getContainer(container).commit(name ? named(name) : {}),
  create: ({ docker, image }: Things) =>
    docker.createContainer({ Image: image, Cmd: ['sleep', '60'], HostConfig: { NetworkMode: 'none' } }),
  start: ({ docker, container }: Things) => docker.getContainer(container).start(),
  kill: ({ docker, container }: Things) => docker.getContainer(container).kill(),
  rename: ({ docker, container, content }: Things) => docker.getContainer(container).rename({ name: `c${content}` }),
  'remove container': ({ docker, container }: Things) => docker.getContainer(container).remove({ force: true }),
  prune: ({ docker }: Things) => docker.pruneImages({ filters: { dangling: { true: true } } }),
}
type Does = keyof typeof deeds

export const box: ImageSpec = {
  references: ['box:1', 'box:kept'],
  created: new Date('2024-02-29T12:00:00Z'),
  config: { Cmd: ['true'] },
  steps: [{ instruction: 'ADD box /', files: userland('Box 1') }],
}

/** `which` picks among what is there by then. */
export const deed = fc.record({
  does: fc.constantFrom(...(Object.keys(deeds) as Does[]), 'tag', 'tag', 'load', 'import', 'create'),
  which: fc.nat(1000),
  content: fc.nat(3),
  name: fc.option(name, { nil: undefined }),
  names: fc.uniqueArray(name, { maxLength: 2 }),
})
export type Deed = typeof deed extends fc.Arbitrary<infer Is> ? Is : never

/** Does it, or is refused by the engine, as others are too. */
export async function perform(docker: Docker, { does, which, ...more }: Deed): Promise<void> {
  try {
    // 26.1's containerd store cannot list its images while one of them is half gone.
    const [images, containers] = await Promise.all([docker.listImages(), docker.listContainers({ all: true })])
    const image = images[which % images.length]?.Id ?? 'none'
    const container = containers[which % containers.length]?.Id ?? 'none'
    const done: Promise<unknown> = deeds[does]({ docker, image, container, ...more })
    // 28's containerd store has been seen never to answer when much is done to it at once.
    await Promise.race([done, delay(10_000, undefined, { ref: false })])
  } catch (error) {
    // `docker load` is refused in its answer's body.
    if (statusOf(error) === undefined && !String(error).includes('docker load:')) throw error
  }
}

const named = (reference: string) => {
  const { repository: repo, tag } = splitReference(reference)
  return { repo, tag }
}

async function heard(answer: NodeJS.ReadableStream): Promise<void> {
  await finished(Readable.from(answer).resume())
}
