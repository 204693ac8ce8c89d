/** The engine service over a real engine, with what it publishes to the window. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'
import { engineService } from '../../main/engine/index.ts'
import type { HostEnvironment } from '../../main/engine/connect/contexts.ts'
import { withoutLabels } from '../../main/engine/sync/live-state.ts'
import { parseContainerRows } from '../../main/engine/api/container-list.ts'
import { parseImageRows } from '../../main/engine/api/image-list.ts'
import { imagesService } from '../../main/images/index.ts'
import type { Lists } from '../../main/store/index.ts'
import { listed, type Container, type Image, type ImageId } from '../../model/image/image.ts'
import type { EngineState, ImagesChange, ImagesSnapshot } from '../../preload/contract/index.ts'
import type { Engine } from '../../tools/world/engine.ts'

/** Over one engine, by its socket. */
export const watchEngine = (socket: string, memory?: Lists) =>
  serve({ env: { DOCKER_HOST: `unix://${socket}` }, home: '/nonexistent' }, memory)

const noMemory: Lists = { recall: async () => undefined, remember() {}, forget() {}, async end() {} }

/** The services as main composes them, and a window that listens. */
export function serve(environment: HostEnvironment, memory = noMemory, engineChanged = () => {}) {
  const ended = new AbortController()
  const changes: ImagesChange[] = []
  const states: EngineState[] = []
  const window = new Follower(() => engine.live.snapshot())
  const engine = engineService({
    environment,
    lists: memory,
    publish(name, payload) {
      if (name === 'images.changed') {
        changes.push(payload as ImagesChange)
        window.hear(payload as ImagesChange)
      }
      if (name !== 'engine.changed') return
      states.push(payload as EngineState)
      engineChanged()
    },
  })
  const running = engine.run(ended.signal)
  return {
    engine,
    calls: { ...engine.handlers, ...imagesService(engine).handlers },
    changes,
    states,
    window,
    known: () => {
      const { images, containers } = engine.live.snapshot()
      return { images: sorted(images), containers: sorted(containers) }
    },
    async stop() {
      ended.abort()
      await running
    },
  }
}

/** Follows the list as the window does: a snapshot at first and after a missed change, or else each change. */
class Follower {
  #seq = -1
  #whole
  images = new Map<ImageId, Image>()
  containers = new Map<string, Container>()
  unconfirmed = new Set<ImageId>()
  complete = false
  containersFailure: string | undefined
  /** Called after each change. */
  drawn: () => void = () => {}

  constructor(whole: () => ImagesSnapshot) {
    this.#whole = whole
  }

  hear(change: ImagesChange) {
    if (change.seq === this.#seq + 1) this.#follow(change)
    else this.#take(this.#whole())
    this.#seq = change.seq
    this.complete = change.complete
    this.containersFailure = change.containersFailure
    this.drawn()
  }

  get shown() {
    return { images: sorted([...this.images.values()]), containers: sorted([...this.containers.values()]) }
  }

  #take({ images, containers, unconfirmed }: ImagesSnapshot) {
    this.images = new Map(images.map((image) => [image.id, image]))
    this.containers = new Map(containers.map((container) => [container.id, container]))
    this.unconfirmed = new Set(unconfirmed)
  }

  #follow({ images, imagesGone, containers, containersGone, confirmed }: ImagesChange) {
    for (const id of imagesGone) this.images.delete(id)
    for (const image of images) this.images.set(image.id, image)
    for (const id of containersGone) this.containers.delete(id)
    for (const container of containers) this.containers.set(container.id, container)
    for (const id of [...confirmed, ...imagesGone]) this.unconfirmed.delete(id)
  }
}

/** What the engine itself says now, as `docker images` and `docker ps --all` list it. */
export async function freshList(engine: Engine) {
  const { images, containers } = await freshLists(engine)
  return { images: sorted(listed(images)), containers }
}

/** The same, with the images that are steps of a build. */
async function freshLists({ docker, store }: Engine) {
  const [images, containers] = await Promise.all([
    docker.listImages({ all: true }),
    docker.listContainers({ all: true }),
  ])
  return {
    images: sorted(parseImageRows(images).map(withoutLabels)).map((image) =>
      store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image,
    ),
    containers: sorted(parseContainerRows(containers).containers ?? []),
  }
}

/**
 * Waits until the window shows what the engine itself lists. In the containerd store a tag keeps the parent of an image
 * that had it before, and an image may lose its unpacked files, all without a word, so there the rest is compared.
 */
export async function catchesUp(served: ReturnType<typeof serve>, engine: Engine, story = ''): Promise<void> {
  const both = async () => {
    const { images, containers } = await freshLists(engine)
    const { shown } = served.window
    if (engine.store === 'classic') return [shown, { images: sorted(listed(images)), containers }] as const
    const known = sorted([...served.engine.live.images().values()])
    return [
      { images: known.map(told), containers: shown.containers },
      { images: images.map(told), containers },
    ] as const
  }
  const agree = async () => {
    const [shown, fresh] = await both()
    return isDeepStrictEqual(shown, fresh)
  }
  await eventually(() => agree().catch(() => false)).catch(() => undefined)
  const [shown, fresh] = await both()
  expect({ story, ...shown }).toEqual({ story, ...fresh })
}

const told = ({ id, references, digests, created }: Image) => ({ id, references, digests, created })

const sorted = <Thing extends { readonly id: string }>(things: readonly Thing[]) =>
  things.toSorted((a, b) => (a.id < b.id ? -1 : 1))

export { eventually } from './eventually.ts'
