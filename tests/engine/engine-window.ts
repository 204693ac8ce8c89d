/** The engine service over a real engine, and a window that applies the changes that the service publishes. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'
import { engineService } from '../../main/engine/index.ts'
import type { HostEnvironment } from '../../main/engine/connect/candidates.ts'
import { withoutLabels } from '../../main/engine/sync/live-state.ts'
import { parseContainerRows } from '../../main/engine/api/container-list.ts'
import { parseImageRows } from '../../main/engine/api/image-list.ts'
import { imagesService } from '../../main/images/index.ts'
import type { Lists } from '../../main/store/index.ts'
import { listed, type Container, type Image, type ImageId } from '../../model/image/image.ts'
import type { EngineState, ImagesChange, ImagesSnapshot } from '../../preload/contract/index.ts'
import type { Engine } from '../../tools/world/engine.ts'

/** Starts the services over the engine at this socket. */
export const watchEngine = (socket: string, lists?: Lists, reconnectTimeoutMs?: number) =>
  serve({ env: { DOCKER_HOST: `unix://${socket}` }, home: '/nonexistent' }, lists, undefined, reconnectTimeoutMs)

const noLists: Lists = { read: async () => undefined, write() {}, remove() {}, async end() {} }

/** Starts the services as main composes them, and a window that applies every published change. */
export function serve(
  environment: HostEnvironment,
  lists = noLists,
  engineChanged = () => {},
  reconnectTimeoutMs?: number,
) {
  const ended = new AbortController()
  const changes: ImagesChange[] = []
  const states: EngineState[] = []
  const window = new Follower(() => engine.live.snapshot())
  const engine = engineService({
    environment,
    lists,
    ...(reconnectTimeoutMs !== undefined && { reconnectTimeoutMs }),
    publish(name, payload) {
      if (name === 'images.changed') {
        changes.push(payload as ImagesChange)
        window.apply(payload as ImagesChange)
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
    /** The images and containers in the engine service's live state, sorted by id. */
    liveLists: () => {
      const { images, containers } = engine.live.snapshot()
      return { images: sortById(images), containers: sortById(containers) }
    },
    async stop() {
      ended.abort()
      await running
    },
  }
}

/**
 * Follows the images as the window does: reads a snapshot first and after a missed change, and applies all other
 * changes.
 */
class Follower {
  #seq = -1
  readonly #snapshot
  images = new Map<ImageId, Image>()
  containers = new Map<string, Container>()
  unconfirmed = new Set<ImageId>()
  complete = false
  containersFailure: string | undefined
  /** Called after each change. */
  onChange: () => void = () => {}

  constructor(snapshot: () => ImagesSnapshot) {
    this.#snapshot = snapshot
  }

  apply(change: ImagesChange) {
    if (change.seq === this.#seq + 1) this.#update(change)
    else this.#replace(this.#snapshot())
    this.#seq = change.seq
    this.complete = change.complete
    this.containersFailure = change.containersFailure
    this.onChange()
  }

  /** The images and containers that the window shows, sorted by id. */
  get shown() {
    return { images: sortById([...this.images.values()]), containers: sortById([...this.containers.values()]) }
  }

  #replace({ images, containers, unconfirmed }: ImagesSnapshot) {
    this.images = new Map(images.map((image) => [image.id, image]))
    this.containers = new Map(containers.map((container) => [container.id, container]))
    this.unconfirmed = new Set(unconfirmed)
  }

  #update({ images, imagesGone, containers, containersGone, confirmed }: ImagesChange) {
    for (const id of imagesGone) this.images.delete(id)
    for (const image of images) this.images.set(image.id, image)
    for (const id of containersGone) this.containers.delete(id)
    for (const container of containers) this.containers.set(container.id, container)
    for (const id of [...confirmed, ...imagesGone]) this.unconfirmed.delete(id)
  }
}

/** Reads the images and containers from the engine, as `docker images` and `docker ps --all` list them. */
export async function readEngineLists(engine: Engine) {
  const { images, containers } = await listAll(engine)
  return { images: sortById(listed(images)), containers }
}

/** Lists all images, including the intermediate images of builds, and all containers. */
async function listAll({ docker, store }: Engine) {
  const [images, containers] = await Promise.all([
    docker.listImages({ all: true }),
    docker.listContainers({ all: true }),
  ])
  return {
    images: sortById(parseImageRows(images).map(withoutLabels)).map((image) =>
      store === 'containerd' && image.references.length > 0 ? { ...image, digests: [] } : image,
    ),
    containers: sortById(parseContainerRows(containers).containers ?? []),
  }
}

/**
 * Waits until the window shows the same images and containers as the engine lists. Fails with the difference if that
 * does not happen. In the containerd store, a moved tag keeps the parent of the image that had it before, and an image
 * can lose its unpacked files, both without an event. Only the other fields are compared there.
 * @param precedingActions describes the actions before, for the message of the failure
 */
export async function expectCaughtUp(
  served: ReturnType<typeof serve>,
  engine: Engine,
  precedingActions = '',
): Promise<void> {
  const readBoth = async () => {
    const { images, containers } = await listAll(engine)
    const { shown } = served.window
    if (engine.store === 'classic') return [shown, { images: sortById(listed(images)), containers }] as const
    const liveImages = sortById([...served.engine.live.images().values()])
    return [
      { images: liveImages.map(toComparable), containers: shown.containers },
      { images: images.map(toComparable), containers },
    ] as const
  }
  const areEqual = async () => {
    const [shown, fromEngine] = await readBoth()
    return isDeepStrictEqual(shown, fromEngine)
  }
  await eventually(() => areEqual().catch(() => false)).catch(() => undefined)
  const [shown, fromEngine] = await readBoth()
  expect({ precedingActions, ...shown }).toEqual({ precedingActions, ...fromEngine })
}

const toComparable = ({ id, references, digests, created }: Image) => ({ id, references, digests, created })

const sortById = <Item extends { readonly id: string }>(items: readonly Item[]) =>
  items.toSorted((a, b) => (a.id < b.id ? -1 : 1))

export { eventually } from './eventually.ts'
