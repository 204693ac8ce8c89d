/** Images and containers as last known, and the numbered changes by which a window keeps up with them. */
import { isDeepStrictEqual } from 'node:util'
import { listed, type Container, type Image } from '../../model/image.ts'
import type { ImagesChange, ImagesSnapshot } from '../../preload/contract/index.ts'

/** What was read of the engine: `undefined` for what is no longer there. */
export interface Read {
  readonly images: ReadonlyMap<string, Image | undefined>
  readonly containers: ReadonlyMap<string, Container | undefined>
}

export interface Live {
  snapshot(): ImagesSnapshot
  /** All images, also the intermediate ones that no list shows. */
  images(): ReadonlyMap<string, Image>
  containers(): ReadonlyMap<string, Container>
  /** The engine's whole list, in place of all that was known. */
  replace(list: { readonly images: readonly Image[]; readonly containers: readonly Container[] }): void
  apply(read: Read): void
  /** Another engine: nothing that was known holds any more. */
  forget(): void
}

export function liveState(changed: (change: ImagesChange) => void): Live {
  let images: ReadonlyMap<string, Image> = new Map()
  let containers: ReadonlyMap<string, Container> = new Map()
  let shown: ReadonlyMap<string, Image> = new Map()
  let seq = 0
  let complete = false

  function become(nextImages: ReadonlyMap<string, Image>, nextContainers: ReadonlyMap<string, Container>) {
    const nextShown = byId(listed([...nextImages.values()]))
    const image = difference(shown, nextShown)
    const container = difference(containers, nextContainers)
    const first = !complete
    images = nextImages
    containers = nextContainers
    shown = nextShown
    complete = true
    if (!first && [image, container].every(({ present, gone }) => present.length + gone.length === 0)) return
    changed({
      seq: ++seq,
      images: image.present,
      imagesGone: image.gone,
      containers: container.present,
      containersGone: container.gone,
    })
  }

  return {
    snapshot: () => ({ seq, complete, images: [...shown.values()], containers: [...containers.values()] }),
    images: () => images,
    containers: () => containers,
    replace: (list) => become(merged(images, byId(list.images), true), merged(containers, byId(list.containers), true)),
    apply: (read) => become(merged(images, read.images), merged(containers, read.containers)),
    forget() {
      // Nothing is known yet: the list will reach the window as a change, not as a change and then as a whole again.
      if (!complete) return
      images = shown = new Map()
      containers = new Map()
      complete = false
      // The skipped number makes every window ask for the whole.
      seq++
    },
  }
}

const byId = <Thing extends { readonly id: string }>(things: readonly Thing[]) =>
  new Map(things.map((thing) => [thing.id, thing]))

/** `known` with what was `read`; a thing that reads the same stays the same object, so that differences are few. */
function merged<Thing>(
  known: ReadonlyMap<string, Thing>,
  read: ReadonlyMap<string, Thing | undefined>,
  whole = false,
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
