/** The engine's whole list while it is on its way, and what is looked at beside it. */
import type { Container, ImageId } from '../../../model/image/image.ts'
import type { Connection } from '../connect/connection.ts'
import { Names } from './hints.ts'
import type { Live, Read, Unreadable, Whole } from './live.ts'
import { readAllContainers, readAllImages, readNamed, readRemembered, type NamedRead } from './reader.ts'

/** A list that takes longer than this many milliseconds is not waited for. */
const slowAfter = 1000
/** How many remembered images are asked for, and told, together. */
const batch = 32

interface News {
  /** Called when there is more to be done: a part has arrived, or the list turns out to be slow. */
  readonly news: () => void
  readonly failed: (error: unknown) => void
}

export class Listing {
  readonly #connection
  readonly #live
  /** Looked at since the list was asked for, which may be older than that. */
  readonly #beside = new Names()
  /** Remembered images that were asked for. */
  readonly #asked = new Set<ImageId>()
  #whole: Whole | undefined
  #containers: readonly Container[] | undefined
  slow = false

  constructor(connection: Connection, live: Live, { news, failed }: News) {
    this.#connection = connection
    this.#live = live
    const timer = setTimeout(() => {
      this.slow = true
      news()
    }, slowAfter)
    const containers = readAllContainers(connection).then((rows) => {
      this.#containers = rows.containers
      return rows
    })
    Promise.all([readAllImages(connection), containers])
      .then(([images, { containers, failure }]) => {
        this.#whole = {
          images,
          ...(containers && { containers }),
          ...(failure !== undefined && { containersFailure: failure }),
        }
        news()
      }, failed)
      .finally(() => clearTimeout(timer))
  }

  get arrived(): boolean {
    return this.#whole !== undefined
  }

  /** Whether others are looked at meanwhile. A list that comes at once is the first that is shown. */
  get goesOn(): boolean {
    return this.slow || this.#live.images().size > 0
  }

  /** Whether there is something to do before the list arrives. */
  get waits(): boolean {
    return this.slow && (this.#containers !== undefined || this.#remembered.length > 0)
  }

  get #remembered(): ImageId[] {
    return [...this.#live.unconfirmed()].filter((id) => !this.#asked.has(id)).slice(0, batch)
  }

  /** Shows the containers, which no engine takes long to list, or asks for some of the remembered images. */
  async goOn(): Promise<void> {
    if (this.#containers) {
      const unseen = this.#containers.filter(({ id }) => !this.#beside.containers.has(id))
      this.#containers = undefined
      this.#live.apply({ images: new Map(), containers: new Map(unseen.map((container) => [container.id, container])) })
      return
    }
    const ids = this.#remembered
    ids.forEach((id) => this.#asked.add(id))
    const images = await readRemembered(this.#connection, this.#live.images(), ids)
    this.#live.apply({ images, containers: new Map() })
  }

  /** Keeps in mind what was looked at. */
  lookedAt(names: Names, { images }: Pick<Read, 'images'> = { images: new Map() }) {
    this.#beside.add(names)
    for (const id of images.keys()) this.#beside.images.add(id)
  }

  /**
   * Puts the list that has arrived in place, with what was looked at meanwhile as it is now, and returns it with the
   * images that the engine refused to tell of.
   */
  async take(unreadable: Unreadable): Promise<Whole & Pick<NamedRead, 'refusedImages'>> {
    const whole = this.#whole!
    const known = new Map(whole.images.map((image) => [image.id, image]))
    const read = await readNamed(this.#connection, known, this.#beside)
    this.#live.replace(whole, read, unreadable)
    return { ...whole, refusedImages: read.refusedImages }
  }
}
