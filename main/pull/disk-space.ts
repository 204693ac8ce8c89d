/** Checks before a download whether a pull fits on the disk. A pull is never refused if information is missing. */
import type { ImageId } from '../../model/image/image.ts'
import type { Digest } from '../../model/layers/sizes.ts'
import { ampleDiskSpaceBytes, presentLayers, checkDiskSpace } from '../../model/pull/disk-space.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { freeBytes } from '../engine/index.ts'
import type { RegistryClient } from '../registry/index.ts'
import type { PullContext, PullRequest } from './pull.ts'

export interface DiskSpaceNeeds {
  readonly contents: RegistryClient['contents']
  /** The layers of a local image, base first; undefined if they have not been read. */
  readonly diffIdsOf: (image: ImageId) => readonly Digest[] | undefined
}

/** If the registry takes longer, the pull starts without the check. */
const registryTimeoutMs = 2_000

/**
 * Checks whether a pull fits. Asks the registry only if less than `ampleDiskSpaceBytes` is free. Rejects if cancelled.
 * @returns the failure if the pull does not fit; undefined if the pull fits, or the needed or free space is unknown
 */
export async function findDiskShortage(
  needs: DiskSpaceNeeds,
  context: PullContext,
  request: PullRequest,
): Promise<Failure | undefined> {
  const { session, cancelled } = context
  const { store, platform } = session.capabilities
  const free = await freeBytes(session)
  if (free === undefined || free >= ampleDiskSpaceBytes) return undefined

  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(registryTimeoutMs)])
  const contents = await needs.contents(request.reference, request.platform ?? platform, signal).catch(() => undefined)
  cancelled.throwIfAborted()
  if (!contents) return undefined
  const { layers } = contents
  if (checkDiskSpace({ layers, present: 0, store, free }).fits) return undefined

  // The pull does not fit as a whole, so subtract the layers that exist locally.
  const localLayers = readLocalLayers(needs, context)
  const present = localLayers?.length === 0 ? 0 : localLayers && (await countPresent(localLayers))
  if (present === undefined) return undefined
  const { fits, needed } = checkDiskSpace({ layers, present, store, free })
  return fits ? undefined : { code: 'pull-no-room', reference: request.reference, needed, free }

  async function countPresent(images: readonly (readonly Digest[])[]): Promise<number | undefined> {
    const diffIds = await contents!.diffIds().catch(() => undefined)
    cancelled.throwIfAborted()
    return diffIds && presentLayers(diffIds, images)
  }
}

/** @returns undefined if the layers of any local image are unknown, since the pull may share them */
function readLocalLayers({ diffIdsOf }: DiskSpaceNeeds, { imagesOf, session }: PullContext) {
  const images = imagesOf(session)
  const readable = images && [...images.values()].filter(({ unreadable }) => unreadable === undefined)
  const layers = readable?.map(({ id }) => diffIdsOf(id))
  return layers?.every((diffIds) => diffIds !== undefined) ? layers : undefined
}
