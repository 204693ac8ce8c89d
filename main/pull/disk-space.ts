/**
 * Checks before a download whether a pull fits on the disk, next to the other running pulls. A pull that does not fit
 * waits for these, and is refused if it does not fit without them either. Missing information never leads to a
 * refusal. Undos and test pulls are not checked: an estimate must not refuse them.
 */
import { once } from 'node:events'
import PQueue from 'p-queue'
import type { Bytes, ImageId } from '../../model/image/image.ts'
import type { Digest } from '../../model/layers/sizes.ts'
import {
  ampleDiskSpaceBytes,
  bytesLeft,
  bytesNeeded,
  presentLayers,
  type Reservation,
} from '../../model/pull/disk-space.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { engineKey, freeDiskBytes } from '../engine/index.ts'
import type { RegistryClient } from '../registry/index.ts'
import type { PullContext, PullRequest } from './pull.ts'

export interface DiskSpaceNeeds {
  readonly contents: RegistryClient['contents']
  /** The layers of a local image, base first; undefined if they have not been read. */
  readonly diffIdsOf: (image: ImageId) => readonly Digest[] | undefined
}

export interface DiskSpace {
  /**
   * Reserves the space of a pull until `release`. Waits for running pulls if the pull does not fit next to them.
   * @returns the failure if the pull does not fit. Rejects if cancelled.
   */
  reserve(context: PullContext, request: PullRequest): Promise<{ release(): void } | { readonly failure: Failure }>
}

/** If the registry takes longer, the pull starts without the check. */
const registryTimeoutMs = 2_000

interface RunningPull extends Reservation {
  readonly engine: string
  readonly ended: Promise<void>
}

export function diskSpace(needs: DiskSpaceNeeds): DiskSpace {
  const running = new Set<RunningPull>()
  /** One reservation at a time, so that pulls get their space in the order in which they request it. */
  const reservations = new PQueue({ concurrency: 1 })

  return {
    reserve: (context, request) =>
      reservations.add(() => waitForSpace(context, request), { signal: context.cancelled }),
  }

  async function waitForSpace(context: PullContext, request: PullRequest) {
    const { session, cancelled } = context
    const engine = engineKey(session.identity)
    for (;;) {
      const estimate = await estimateSpace(needs, context, request)
      if (!estimate) return { release() {} }
      const { free } = estimate
      const otherPulls = [...running].filter((pull) => pull.engine === engine)
      const available = bytesLeft(free, otherPulls)
      const needed = estimate.withAllLayers <= available ? estimate.withAllLayers : await estimate.withoutLocalLayers()
      if (needed === undefined) return { release() {} }
      if (needed <= available) return addReservation({ engine, needed, freeAtStart: free })
      if (otherPulls.length === 0)
        return { failure: { code: 'pull-no-space', reference: request.reference, needed, free } as const }
      cancelled.throwIfAborted()
      await Promise.race([...otherPulls.map(({ ended }) => ended), once(cancelled, 'abort')])
      cancelled.throwIfAborted()
    }
  }

  function addReservation(reservation: Omit<RunningPull, 'ended'>) {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const pull = { ...reservation, ended }
    running.add(pull)
    return {
      release() {
        running.delete(pull)
        resolve()
      },
    }
  }
}

interface Estimate {
  readonly free: Bytes
  readonly withAllLayers: Bytes
  /** @returns undefined if the layers of the local images are unknown. Rejects if cancelled. */
  withoutLocalLayers(): Promise<Bytes | undefined>
}

/**
 * Asks the registry only if less than `ampleDiskSpaceBytes` is free. Rejects if cancelled.
 * @returns undefined if the free or the needed space is unknown, or if enough is free for any pull
 */
async function estimateSpace(
  needs: DiskSpaceNeeds,
  context: PullContext,
  request: PullRequest,
): Promise<Estimate | undefined> {
  const { session, cancelled } = context
  const { store, platform } = session.capabilities
  const free = await freeDiskBytes(session)
  if (free === undefined || free >= ampleDiskSpaceBytes) return undefined

  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(registryTimeoutMs)])
  const contents = await needs.contents(request.reference, request.platform ?? platform, signal).catch(() => undefined)
  cancelled.throwIfAborted()
  if (!contents) return undefined
  const { layers } = contents
  return {
    free,
    withAllLayers: bytesNeeded({ layers, present: 0, store }),
    async withoutLocalLayers() {
      const localLayers = readLocalLayers(needs, context)
      if (!localLayers) return undefined
      if (localLayers.length === 0) return bytesNeeded({ layers, present: 0, store })
      const diffIds = await contents.diffIds().catch(() => undefined)
      cancelled.throwIfAborted()
      return diffIds && bytesNeeded({ layers, present: presentLayers(diffIds, localLayers), store })
    },
  }
}

/** @returns undefined if the layers of a local image are unknown, since the pulled image may share them */
function readLocalLayers({ diffIdsOf }: DiskSpaceNeeds, { imagesOf, session }: PullContext) {
  const images = imagesOf(session)
  const readable = images && [...images.values()].filter(({ unreadable }) => unreadable === undefined)
  const layers = readable?.map(({ id }) => diffIdsOf(id))
  return layers?.every((each) => each !== undefined) ? layers : undefined
}
