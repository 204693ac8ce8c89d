/** The last known images and containers, and the numbered changes that keep a window up to date. */
import { isDeepStrictEqual } from 'node:util'
import { listed, type Container, type Image, type ImageId } from '../../../model/image/image.ts'
import type { ContainerRows } from '../api/container-list.ts'
import type { KnownImage } from '../api/image-list.ts'
import type { ImagesChange, ImagesSnapshot } from '../../../preload/contract/index.ts'

/** The engine's whole list. */
export interface EngineList {
  readonly images: readonly KnownImage[]
  /** Undefined if the engine refused the list. The containers in the live state then stay as they are. */
  readonly containers?: readonly Container[]
  /** Why it is unknown which images the containers use, in the engine's words. */
  readonly containersFailure?: string
}

/** Inspected images and containers by id; undefined if the engine no longer has the object. */
export interface InspectResult {
  readonly images: ReadonlyMap<string, KnownImage | undefined>
  readonly containers: ReadonlyMap<string, Container | undefined>
}

/** The images that the engine refuses to inspect, with the engine's error messages. */
export type Unreadable = ReadonlyMap<ImageId, string>

export interface Live {
  snapshot(): ImagesSnapshot
  /** @returns all images, including intermediate build steps, which no list shows */
  images(): ReadonlyMap<ImageId, Image>
  containers(): ReadonlyMap<string, Container>
  /** Why it is unknown which images the containers use, in the engine's words. */
  containersFailure(): string | undefined
  /** @returns the images remembered from an earlier connection that have not been read from the engine again */
  unconfirmed(): ReadonlySet<ImageId>
  /** @returns for each word, the ids of the images with a label that contains the word, ignoring case */
  findByLabel(words: readonly string[]): ImageId[][]
  /** Replaces the whole state by the engine's list, except for `since`: objects inspected after the list was requested. */
  replace(list: EngineList, since?: InspectResult, unreadable?: Unreadable): void
  /** Merges inspected objects. Unreadable images are marked and keep their known data, if any; else only the id. */
  apply(read: InspectResult, unreadable?: Unreadable): void
  /** Replaces all containers by the engine's list, or records why the engine refused the list. */
  applyContainers(rows: ContainerRows): void
  /** Replaces the state by remembered images, which are unconfirmed, or by an empty state if there are none. */
  reset(remembered?: readonly Image[]): void
}

interface State {
  readonly images: ReadonlyMap<ImageId, Image>
  readonly labels: ReadonlyMap<ImageId, readonly string[]>
  readonly containers: ReadonlyMap<string, Container>
  readonly unconfirmed: ReadonlySet<ImageId>
  readonly complete: boolean
  readonly containersFailure: string | undefined
}

const emptyState: State = {
  images: new Map(),
  labels: new Map(),
  containers: new Map(),
  unconfirmed: new Set(),
  complete: false,
  containersFailure: undefined,
}
const noResult: InspectResult = { images: new Map(), containers: new Map() }
const noUnreadable: Unreadable = new Map()

/** @param publish called with each change, synchronously, after the state has changed */
export function liveState(publish: (change: ImagesChange) => void): Live {
  let state = emptyState
  let shown: ReadonlyMap<ImageId, Image> = new Map()
  let seq = 0

  /** @param read the images that were read from the engine, which confirms them */
  function setState(next: State, read: readonly ImageId[]) {
    const nextShown = byId(listed([...next.images.values()]))
    const image = difference(shown, nextShown)
    const container = difference(state.containers, next.containers)
    const present = new Set(image.present.map(({ id }) => id))
    const confirmed = read.filter(
      (id) => nextShown.has(id) && (state.unconfirmed.has(id) || (!next.complete && present.has(id))),
    )
    const parts = [image.present, image.gone, container.present, container.gone, confirmed]
    const hasChanged =
      next.complete !== state.complete ||
      next.containersFailure !== state.containersFailure ||
      parts.some(({ length }) => length > 0)
    state = next
    shown = nextShown
    if (!hasChanged) return
    publish({
      seq: ++seq,
      complete: state.complete,
      images: image.present,
      confirmed,
      imagesGone: image.gone,
      containers: container.present,
      containersGone: container.gone,
      ...failureOf(state),
    })
  }

  /** @returns the rows of unreadable images, with the data just read, otherwise the known data, otherwise only the id */
  function unreadableRows(read: ReadonlyMap<ImageId, Image | undefined>, unreadable: Unreadable, isWholeList: boolean) {
    return [...unreadable].flatMap(([id, detail]): [ImageId, Image][] => {
      if (read.has(id) ? !read.get(id) : isWholeList) return []
      const image = read.get(id) ?? state.images.get(id) ?? unknownImage(id)
      return [[id, { ...image, unreadable: detail }]]
    })
  }

  function update({ images, containers }: InspectResult, unreadable: Unreadable, list?: EngineList) {
    const isWholeList = list !== undefined
    const read = [...images]
    const readRows = new Map(read.map(([id, image]) => [id, image && withoutLabels(image)]))
    const rows = new Map([...readRows, ...unreadableRows(readRows, unreadable, isWholeList)])
    const labels = new Map(read.map(([id, image]) => [id, image?.labels.length ? image.labels : undefined]))
    setState(
      {
        images: merge(state.images, rows, isWholeList),
        labels: merge(state.labels, labels, isWholeList),
        containers: merge(state.containers, containers, list?.containers !== undefined),
        containersFailure: list ? list.containersFailure : state.containersFailure,
        unconfirmed: new Set(isWholeList ? [] : [...state.unconfirmed].filter((id) => !images.has(id))),
        complete: isWholeList || state.complete,
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
    findByLabel: (words) =>
      words
        .map((word) => word.toLowerCase())
        .map((word) =>
          [...state.labels].filter(([, labels]) => labels.some((label) => label.includes(word))).map(([id]) => id),
        ),
    replace: (list, since = noResult, unreadable = noUnreadable) =>
      update(
        {
          images: new Map([...byId(list.images), ...since.images]),
          containers: new Map([...byId(list.containers ?? []), ...since.containers]),
        },
        unreadable,
        list,
      ),
    apply: (read, unreadable = noUnreadable) => update(read, unreadable),
    applyContainers: ({ containers, failure }) =>
      setState(
        {
          ...state,
          containers: containers ? merge(state.containers, byId(containers), true) : state.containers,
          containersFailure: failure,
        },
        [],
      ),
    reset(remembered = []) {
      // If the state is empty already, windows need no new snapshot. The list will be published as an ordinary change.
      if (!state.complete && state.images.size + state.containers.size + remembered.length === 0) return
      const images = byId(remembered)
      state = { ...emptyState, images, unconfirmed: new Set(images.keys()) }
      shown = byId(listed(remembered))
      // A window that misses a sequence number requests a new snapshot.
      seq += 2
      publish({
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

const byId = <Item extends { readonly id: string }>(items: readonly Item[]) =>
  new Map(items.map((item) => [item.id, item]))

/** @returns the image as it is published to windows. Labels stay in the main process. */
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

/** Merges `read` into `known`, or replaces `known` by `read` if `isWholeList`. Unchanged items stay the same object. */
function merge<Item>(
  known: ReadonlyMap<string, Item>,
  read: ReadonlyMap<string, Item | undefined>,
  isWholeList: boolean,
): ReadonlyMap<string, Item> {
  const next = new Map(isWholeList ? [] : known)
  for (const [id, item] of read) {
    const before = known.get(id)
    if (item === undefined) next.delete(id)
    else next.set(id, before !== undefined && isDeepStrictEqual(before, item) ? before : item)
  }
  return next
}

/** Compares items by identity. `present`: new or changed items; `gone`: ids of removed items. */
function difference<Item>(before: ReadonlyMap<string, Item>, after: ReadonlyMap<string, Item>) {
  return {
    present: [...after].filter(([id, item]) => before.get(id) !== item).map(([, item]) => item),
    gone: [...before.keys()].filter((id) => !after.has(id)),
  }
}
