/** Random actions of other clients on an engine: they add, tag and remove images, and create and change containers. */
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

/** Only a few names, so that many actions affect the same name. */
const nameArbitrary = fc.constantFrom('one:1', 'one:2', 'two:latest', 'localhost:5000/three:1')

interface ActionContext {
  readonly docker: Docker
  readonly image: string
  readonly container: string
  readonly content: number
  readonly name: string | undefined
  readonly names: readonly string[]
}

const actions = {
  tag: ({ docker, image, name = 'one:1' }: ActionContext) => docker.getImage(image).tag(toRepoAndTag(name)),
  untag: ({ docker, name = 'one:1' }: ActionContext) => docker.getImage(name).remove(),
  remove: ({ docker, image }: ActionContext) => docker.getImage(image).remove(),
  'remove by force': ({ docker, image }: ActionContext) => docker.getImage(image).remove({ force: true }),
  async import({ docker, content, name }: ActionContext) {
    const tar = Readable.from([tarFile('content', `${content}`), tarEnd()])
    await drain(await docker.importImage(tar, name ? toRepoAndTag(name) : {}))
  },
  load: ({ docker, content, names }: ActionContext) =>
    loadImages(docker, [
      { ...box, references: names, steps: [{ instruction: `COPY ${content} /`, bytes: 1000 + content }] },
    ]),
  async build({ docker, content, name }: ActionContext) {
    const tar = Readable.from([tarFile('Dockerfile', `FROM box:1\nLABEL a=${content}\nLABEL b=${content}\n`), tarEnd()])
    await drain(await docker.buildImage(tar, name ? { t: name } : {}))
  },
  commit: ({ docker, container, name }: ActionContext) =>
    docker.getContainer(container).commit(name ? toRepoAndTag(name) : {}),
  create: ({ docker, image }: ActionContext) =>
    docker.createContainer({ Image: image, Cmd: ['sleep', '60'], HostConfig: { NetworkMode: 'none' } }),
  start: ({ docker, container }: ActionContext) => docker.getContainer(container).start(),
  kill: ({ docker, container }: ActionContext) => docker.getContainer(container).kill(),
  rename: ({ docker, container, content }: ActionContext) =>
    docker.getContainer(container).rename({ name: `c${content}` }),
  'remove container': ({ docker, container }: ActionContext) => docker.getContainer(container).remove({ force: true }),
  prune: ({ docker }: ActionContext) => docker.pruneImages({ filters: { dangling: { true: true } } }),
}
type ActionKind = keyof typeof actions

export const box: ImageSpec = {
  references: ['box:1', 'box:kept'],
  created: new Date('2024-02-29T12:00:00Z'),
  config: { Cmd: ['true'] },
  steps: [{ instruction: 'ADD box /', files: userland('Box 1') }],
}

/** `selector` selects one of the images and one of the containers that exist when the action is performed. */
export const actionArbitrary = fc.record({
  kind: fc.constantFrom(...(Object.keys(actions) as ActionKind[]), 'tag', 'tag', 'load', 'import', 'create'),
  selector: fc.nat(1000),
  content: fc.nat(3),
  name: fc.option(nameArbitrary, { nil: undefined }),
  names: fc.uniqueArray(nameArbitrary, { maxLength: 2 }),
})
export type Action = typeof actionArbitrary extends fc.Arbitrary<infer Value> ? Value : never

/** Performs the action. The engine may refuse it. */
export async function perform(docker: Docker, { kind, selector, ...parameters }: Action): Promise<void> {
  try {
    // 26.1's containerd store cannot list its images while one of them is half deleted.
    const [images, containers] = await Promise.all([docker.listImages(), docker.listContainers({ all: true })])
    const image = images[selector % images.length]?.Id ?? 'none'
    const container = containers[selector % containers.length]?.Id ?? 'none'
    const performed: Promise<unknown> = actions[kind]({ docker, image, container, ...parameters })
    // 28's containerd store sometimes never answers when it gets many requests at once.
    await Promise.race([performed, delay(10_000, undefined, { ref: false })])
  } catch (error) {
    // The engine reports a refused load in the response's body, so this error has no HTTP status.
    if (statusOf(error) === undefined && !String(error).includes('docker load:')) throw error
  }
}

const toRepoAndTag = (reference: string) => {
  const { repository: repo, tag } = splitReference(reference)
  return { repo, tag }
}

/** Reads the response to its end. */
async function drain(response: NodeJS.ReadableStream): Promise<void> {
  await finished(Readable.from(response).resume())
}
