/** Reads the engine's whole list. Objects that are inspected while the list is being read take precedence over the list. */
import type { Container, ImageId } from '../../../model/image/image.ts'
import type { Connection } from '../connect/connection.ts'
import { Targets } from './invalidations.ts'
import type { EngineList, InspectResult, Live, Unreadable } from './live-state.ts'
import { readAllContainers, readAllImages, readRemembered, readTargets, type TargetsRead } from './reader.ts'

/** A list that takes longer than this counts as slow, and pending work no longer waits for the list. */
const slowAfterMs = 1000
/** How many remembered images are inspected and published together. */
const batchSize = 32

interface ListingCallbacks {
  /** Called when there is new work: the whole list has arrived, or the list has become slow. */
  readonly onProgress: () => void
  readonly onError: (error: unknown) => void
}

export class Listing {
  readonly #connection
  readonly #live
  /** Objects inspected or invalidated since the list was requested. The list may have older data for them. */
  readonly #inspected = new Targets()
  /** Remembered images for which an inspect was already requested. */
  readonly #requested = new Set<ImageId>()
  #list: EngineList | undefined
  #containers: readonly Container[] | undefined
  isSlow = false

  constructor(connection: Connection, live: Live, { onProgress, onError }: ListingCallbacks) {
    this.#connection = connection
    this.#live = live
    const timer = setTimeout(() => {
      this.isSlow = true
      onProgress()
    }, slowAfterMs)
    const containers = readAllContainers(connection).then((rows) => {
      this.#containers = rows.containers
      return rows
    })
    Promise.all([readAllImages(connection), containers])
      .then(([images, { containers, failure }]) => {
        this.#list = {
          images,
          ...(containers && { containers }),
          ...(failure !== undefined && { containersFailure: failure }),
        }
        onProgress()
      }, onError)
      .finally(() => clearTimeout(timer))
  }

  get hasArrived(): boolean {
    return this.#list !== undefined
  }

  /** Whether targets may be inspected before the list arrives: if the live state has images, or if the list is slow. */
  get allowsInspects(): boolean {
    return this.isSlow || this.#live.images().size > 0
  }

  /** Whether `publishPart` has work to do. */
  get canPublishPart(): boolean {
    return this.isSlow && (this.#containers !== undefined || this.#nextRemembered.length > 0)
  }

  /** The next batch of remembered images to inspect. */
  get #nextRemembered(): ImageId[] {
    return [...this.#live.unconfirmed()].filter((id) => !this.#requested.has(id)).slice(0, batchSize)
  }

  /** Publishes the containers as soon as their list has arrived; otherwise inspects and publishes a batch of images. */
  async publishPart(): Promise<void> {
    if (this.#containers) {
      const rows = this.#containers.filter(({ id }) => !this.#inspected.containers.has(id))
      this.#containers = undefined
      this.#live.apply({ images: new Map(), containers: new Map(rows.map((container) => [container.id, container])) })
      return
    }
    const ids = this.#nextRemembered
    ids.forEach((id) => this.#requested.add(id))
    const images = await readRemembered(this.#connection, this.#live.images(), ids)
    this.#live.apply({ images, containers: new Map() })
  }

  /** Records objects that were inspected or invalidated while the list was being read. */
  markInspected(targets: Targets, { images }: Pick<InspectResult, 'images'> = { images: new Map() }) {
    this.#inspected.add(targets)
    for (const id of images.keys()) this.#inspected.images.add(id)
  }

  /**
   * Inspects all objects that were inspected or invalidated while the list was being read, then replaces the live state
   * by the list and these objects.
   * @returns the list, with the images that the engine refused to inspect
   */
  async apply(unreadable: Unreadable): Promise<EngineList & Pick<TargetsRead, 'refusedImages'>> {
    const list = this.#list!
    const imagesById = new Map(list.images.map((image) => [image.id, image]))
    const inspected = await readTargets(this.#connection, imagesById, this.#inspected)
    this.#live.replace(list, inspected, unreadable)
    return { ...list, refusedImages: inspected.refusedImages }
  }
}
