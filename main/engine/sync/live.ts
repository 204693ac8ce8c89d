/** Images and containers as last known, and the numbered changes by which a window keeps up with them. */
import { isDeepStrictEqual } from 'node:util'
import { listed, type Container, type Image, type ImageId } from '../../../model/image/image.ts'
import type { ContainerRows, KnownImage } from '../api/replies.ts'
import type { ImagesChange, ImagesSnapshot } from '../../../preload/contract/index.ts'

/** The engine's whole list. */
export interface Whole {
  readonly images: readonly KnownImage[]
  /** Undefined if the engine refused the list: the containers that are known stay. */
  readonly containers?: readonly Container[]
  /** Why it is not known which images containers use. */
  readonly containersFailure?: string
}

/** What was read of the engine: `undefined` for what is no longer there. */
export interface Read {
  readonly images: ReadonlyMap<string, KnownImage | undefined>
  readonly containers: ReadonlyMap<string, Container | undefined>
}

/** The images that the engine refuses to tell of, with its words. */
export type Unreadable = ReadonlyMap<ImageId, string>

export interface Live {
  snapshot(): ImagesSnapshot
  /** All images, also the intermediate ones that no list shows. */
  images(): ReadonlyMap<ImageId, Image>
  containers(): ReadonlyMap<string, Container>
  /** Why it is not known which images containers use, in Docker's words. */
  containersFailure(): string | undefined
  /** Those remembered from last time that the engine has not been asked for yet. */
  unconfirmed(): ReadonlySet<ImageId>
  /** For each word, the images with a label that holds it. */
  labelled(words: readonly string[]): ImageId[][]
  /** The engine's whole list, in place of all that was known, with what was read after it was asked for. */
  replace(list: Whole, since?: Read, unreadable?: Unreadable): void
  /**
   * Images in `unreadable` are marked, with what is known of them otherwise; one of which nothing is known gets a row
   * with its id alone.
   */
  apply(read: Read, unreadable?: Unreadable): void
  /** The engine's whole list of containers, in place of all that were known, or why it cannot be had. */
  applyContainers(rows: ContainerRows): void
  /** Another engine: nothing that was known holds any more, but for what is remembered of that one from last time. */
  forget(remembered?: readonly Image[]): void
}

interface State {
  readonly images: ReadonlyMap<ImageId, Image>
  readonly labels: ReadonlyMap<ImageId, readonly string[]>
  readonly containers: ReadonlyMap<string, Container>
  readonly unconfirmed: ReadonlySet<ImageId>
  readonly complete: boolean
  readonly containersFailure: string | undefined
}

const nothing: State = {
  images: new Map(),
  labels: new Map(),
  containers: new Map(),
  unconfirmed: new Set(),
  complete: false,
  containersFailure: undefined,
}
const unread: Read = { images: new Map(), containers: new Map() }
const allReadable: Unreadable = new Map()

export function liveState(changed: (change: ImagesChange) => void): Live {
  let state = nothing
  let shown: ReadonlyMap<ImageId, Image> = new Map()
  let seq = 0

  /** `confirmed` are those that the engine was asked for and has. */
  function become(next: State, confirmed: readonly ImageId[]) {
    const nextShown = byId(listed([...next.images.values()]))
    const image = difference(shown, nextShown)
    const container = difference(state.containers, next.containers)
    const present = new Set(image.present.map(({ id }) => id))
    const news = confirmed.filter(
      (id) => nextShown.has(id) && (state.unconfirmed.has(id) || (!next.complete && present.has(id))),
    )
    const parts = [image.present, image.gone, container.present, container.gone, news]
    const told =
      next.complete !== state.complete ||
      next.containersFailure !== state.containersFailure ||
      parts.some(({ length }) => length > 0)
    state = next
    shown = nextShown
    if (!told) return
    changed({
      seq: ++seq,
      complete: state.complete,
      images: image.present,
      confirmed: news,
      imagesGone: image.gone,
      containers: container.present,
      containersGone: container.gone,
      ...failureOf(state),
    })
  }

  /** The rows of the images that cannot be read: as just read, as known, or the id alone. */
  function marked(read: ReadonlyMap<ImageId, Image | undefined>, unreadable: Unreadable, whole: boolean) {
    return [...unreadable].flatMap(([id, said]): [ImageId, Image][] => {
      if (read.has(id) ? !read.get(id) : whole) return []
      const image = read.get(id) ?? state.images.get(id) ?? unknownImage(id)
      return [[id, { ...image, unreadable: said }]]
    })
  }

  function take({ images, containers }: Read, unreadable: Unreadable, list?: Whole) {
    const whole = list !== undefined
    const read = [...images]
    const plain = new Map(read.map(([id, image]) => [id, image && withoutLabels(image)]))
    const bare = new Map([...plain, ...marked(plain, unreadable, whole)])
    const labels = new Map(read.map(([id, image]) => [id, image?.labels.length ? image.labels : undefined]))
    become(
      {
        images: merged(state.images, bare, whole),
        labels: merged(state.labels, labels, whole),
        containers: merged(state.containers, containers, list?.containers !== undefined),
        containersFailure: list ? list.containersFailure : state.containersFailure,
        unconfirmed: new Set(whole ? [] : [...state.unconfirmed].filter((id) => !images.has(id))),
        complete: whole || state.complete,
      },
      [...images.keys()],
    )
  }

  return {
    snapshot: () => ({
      seq,
      complete: state.complete,
      images: [...shown.values()],
      unconfirmed: [...state.unconfirmed].filter((id) => shown.has(id)),
      containers: [...state.containers.values()],
      ...failureOf(state),
    }),
    images: () => state.images,
    containers: () => state.containers,
    containersFailure: () => state.containersFailure,
    unconfirmed: () => state.unconfirmed,
    labelled: (words) =>
      words
        .map((word) => word.toLowerCase())
        .map((word) =>
          [...state.labels].filter(([, labels]) => labels.some((label) => label.includes(word))).map(([id]) => id),
        ),
    replace: (list, since = unread, unreadable = allReadable) =>
      take(
        {
          images: new Map([...byId(list.images), ...since.images]),
          containers: new Map([...byId(list.containers ?? []), ...since.containers]),
        },
        unreadable,
        list,
      ),
    apply: (read, unreadable = allReadable) => take(read, unreadable),
    applyContainers: ({ containers, failure }) =>
      become(
        {
          ...state,
          containers: containers ? merged(state.containers, byId(containers), true) : state.containers,
          containersFailure: failure,
        },
        [],
      ),
    forget(remembered = []) {
      // Nothing is known yet: the list will reach the window as a change, not as a change and then as a whole again.
      if (!state.complete && state.images.size + state.containers.size + remembered.length === 0) return
      const images = byId(remembered)
      state = { ...nothing, images, unconfirmed: new Set(images.keys()) }
      shown = byId(listed(remembered))
      // The skipped number makes every window ask for the whole.
      seq += 2
      changed({
        seq,
        complete: false,
        images: [],
        confirmed: [],
        imagesGone: [],
        containers: [],
        containersGone: [],
      })
    },
  }
}

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]) =>
  new Map(things.map((thing) => [thing.id, thing]))

/** What a window is told of an image. */
export function withoutLabels(known: KnownImage): Image {
  const { labels: _, ...image } = known
  return image
}

const unknownImage = (id: ImageId): Image => ({
  id,
  references: [],
  digests: [],
  created: 0,
  size: 0,
  sizeUnknown: true,
})

const failureOf = ({ containersFailure }: State) => (containersFailure === undefined ? {} : { containersFailure })

/** `known` with what was `read`; a thing that reads the same stays the same object, so that differences are few. */
function merged<Thing>(
  known: ReadonlyMap<string, Thing>,
  read: ReadonlyMap<string, Thing | undefined>,
  whole: boolean,
): ReadonlyMap<string, Thing> {
  const next = new Map(whole ? [] : known)
  for (const [id, thing] of read) {
    const before = known.get(id)
    if (thing === undefined) next.delete(id)
    else next.set(id, before !== undefined && isDeepStrictEqual(before, thing) ? before : thing)
  }
  return next
}

function difference<Thing>(before: ReadonlyMap<string, Thing>, after: ReadonlyMap<string, Thing>) {
  return {
    present: [...after].filter(([id, thing]) => before.get(id) !== thing).map(([, thing]) => thing),
    gone: [...before.keys()].filter((id) => !after.has(id)),
  }
}
