/** Whether a pull has room, before anything is fetched. Nothing is refused, and nothing claimed, on a guess. */
import type { ImageId } from '../../model/image/image.ts'
import type { Digest } from '../../model/layers/sizes.ts'
import { plentyOfRoom, presentLayers, roomFor } from '../../model/pull/room.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { freeBytes } from '../engine/index.ts'
import type { RegistryClient } from '../registry/index.ts'
import type { Puller, PullWish } from './pull.ts'

export interface RoomNeeds {
  readonly contents: RegistryClient['contents']
  /** The layers of an image here, base first; undefined if they have not been read. */
  readonly diffIdsOf: (image: ImageId) => readonly Digest[] | undefined
}

/** A registry that takes longer is not waited for: the pull begins. */
const registryTimeoutMs = 2_000

/**
 * The failure of a pull that cannot fit. It costs requests at the registry only where the disk is not nearly empty.
 * @returns undefined if the pull fits, or if what it needs or what is free cannot be told. Rejects when cancelled.
 */
export async function noRoomFor(needs: RoomNeeds, puller: Puller, wish: PullWish): Promise<Failure | undefined> {
  const { session, cancelled } = puller
  const { store, platform } = session.capabilities
  const free = await freeBytes(session)
  if (free === undefined || free >= plentyOfRoom) return undefined

  const late = AbortSignal.timeout(registryTimeoutMs)
  const over = AbortSignal.any([cancelled, late])
  const offered = await needs.contents(wish.reference, wish.platform ?? platform, over).catch(() => undefined)
  cancelled.throwIfAborted()
  if (!offered) return undefined
  const { layers } = offered
  if (roomFor({ layers, present: 0, store, free }).fits) return undefined

  // Only now it matters which layers are here already.
  const here = layersHere(needs, puller)
  const present = here?.length === 0 ? 0 : here && (await countPresent(here))
  if (present === undefined) return undefined
  const { fits, needed } = roomFor({ layers, present, store, free })
  return fits ? undefined : { code: 'pull-no-room', reference: wish.reference, needed, free }

  async function countPresent(images: readonly (readonly Digest[])[]): Promise<number | undefined> {
    const diffIds = await offered!.diffIds().catch(() => undefined)
    cancelled.throwIfAborted()
    return diffIds && presentLayers(diffIds, images)
  }
}

/** @returns undefined as long as the layers of some image are not known: they may be what the pull needs */
function layersHere({ diffIdsOf }: RoomNeeds, { imagesOf, session }: Puller) {
  const images = imagesOf(session)
  const readable = images && [...images.values()].filter(({ unreadable }) => unreadable === undefined)
  const layers = readable?.map(({ id }) => diffIdsOf(id))
  return layers?.every((each) => each !== undefined) ? layers : undefined
}
