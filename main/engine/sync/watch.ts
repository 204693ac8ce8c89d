/** Keeps the live state current during one connection: reads the whole list, then reads again what events invalidate. */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { ImageId } from '../../../model/image/image.ts'
import type { Connection } from '../connect/connection.ts'
import { openEvents, parseEvent } from '../api/system.ts'
import { invalidationsOf, PendingInvalidations } from './invalidations.ts'
import { Listing } from './listing.ts'
import type { Live } from './live-state.ts'
import { readAllContainers, readTargets, refusalOf } from './reader.ts'
import { imageName, Retries, type RetryKey } from './retries.ts'

/** Events arrive in bursts (a build, a prune). Events within this time are processed together. */
const burstMs = 40
/** Minimum time between two reads during a steady stream of events, such as a removal of 200 images. */
const readIntervalMs = 120
/** The whole list is read again once no load event has arrived for this long. */
const loadDebounceMs = 1000
/** How long a read in progress may still take after the event stream ended. */
const finalReadMs = 500

export interface Watch {
  /** Resolves when the event stream ends; rejects when a read fails because the engine does not reply. */
  readonly ended: Promise<void>
  /** Reads the whole list again. */
  resync(): void
  /** Repeats every refused request now, without waiting for its back-off. */
  retryNow(): void
  /** Inspects an image that another part of the app could not read. */
  inspectAgain(image: ImageId): void
}

interface WatchCallbacks {
  /** The whole list has been applied. `slow`: it took longer than a second. */
  onList(slow: boolean): void
  /** The engine has refused to list its images several times in a row. */
  onRefusal(error: unknown): void
  /** The live state may have changed, and the engine is not busy with a list. */
  onRead(): void
  /** The engine has reloaded its configuration. */
  onReload(): void
}

/**
 * Follows the engine until `signal` aborts. Rejects if the event stream cannot be opened; later failures reject
 * `ended`.
 */
export async function watchEngine(
  connection: Connection,
  liveState: Live,
  callbacks: WatchCallbacks,
  signal: AbortSignal,
): Promise<Watch> {
  const live = ignoreAfterAbort(signal, liveState)
  // The stream opens before the list is requested, so no event in between is missed.
  const stream = await openEvents({ ...connection, signal })
  const failureController = new AbortController()
  const pending = new PendingInvalidations()
  let listing: Listing | undefined
  let reading: Promise<void> | undefined
  let lastReadAt = -Infinity
  let failure: { readonly error: unknown } | undefined

  let containersPending = false
  const retries = new Retries(retry)
  signal.addEventListener('abort', () => retries.end(), { once: true })

  const isListPending = () => pending.everything && !retries.isWaiting('images')
  const hasWork = () =>
    !signal.aborted &&
    (listing
      ? listing.hasArrived || listing.canPublishPart || (pending.hasTargets && listing.allowsInspects)
      : isListPending() || pending.hasTargets || containersPending)

  // Reads run one at a time, so an older reply never replaces a newer one. (`Listing` reads the list in the background.)
  async function readPending(waitMs: number) {
    await delay(waitMs)
    try {
      while (hasWork()) {
        lastReadAt = performance.now()
        await readNext()
        // Only reads that events cause are throttled. The parts of a list follow after a shorter pause.
        if (hasWork()) await delay(listing?.hasArrived || listing?.canPublishPart ? burstMs : throttleMs())
      }
    } catch (error) {
      fail(error)
    } finally {
      reading = undefined
    }
  }

  async function readNext() {
    if (isListPending() && !listing) {
      pending.everything = containersPending = false
      listing = new Listing(connection, live, { onProgress: () => scheduleRead(0), onError: handleListError })
    } else if (listing?.hasArrived) await applyList(listing)
    else if (pending.hasTargets) await inspectTargets()
    else if (listing) await listing.publishPart()
    else {
      containersPending = false
      const rows = await readAllContainers(connection)
      recordContainersResult(rows.failure)
      live.applyContainers(rows)
    }
  }

  async function applyList(arrived: Listing) {
    arrived.markInspected(pending.takeTargets())
    const { images, containersFailure, refusedImages } = await arrived.apply(retries.unreadableImages())
    const ids = new Set(images.map(({ id }) => id))
    retries.clear('images')
    retries.keepOnlyImages((id) => ids.has(id))
    for (const [name, detail] of refusedImages) retries.recordFailure(`image ${name}`, detail)
    recordContainersResult(containersFailure)
    callbacks.onList(arrived.isSlow)
    listing = undefined
    callbacks.onRead()
  }

  async function inspectTargets() {
    const targets = pending.takeTargets()
    const read = await readTargets(connection, live.images(), targets)
    listing?.markInspected(targets, read)
    for (const name of [...targets.images, ...read.images.keys()])
      if (!read.refusedImages.has(name)) retries.clear(`image ${name}`)
    for (const [name, detail] of read.refusedImages) {
      // The image of a refused reference is unknown, so only the whole list can update its row.
      if (!name.startsWith('sha256:') && !retries.hasFailed(`image ${name}`)) pending.everything = true
      retries.recordFailure(`image ${name}`, detail)
    }
    if (read.refusedContainer) containersPending = true
    live.apply(read, retries.unreadableImages())
    if (!listing && read.images.size + read.containers.size > 0) callbacks.onRead()
  }

  function recordContainersResult(detail: string | undefined) {
    if (detail === undefined) retries.clear('containers')
    else retries.recordFailure('containers', detail)
  }

  function handleListError(error: unknown) {
    const detail = refusalOf(error)
    if (detail === undefined) return fail(error)
    listing = undefined
    pending.everything = true
    if (retries.recordFailure('images', detail)) callbacks.onRefusal(error)
    // Pending targets do not need the list.
    if (hasWork()) scheduleRead()
  }

  function retry(key: RetryKey) {
    if (key === 'images') pending.everything = true
    else if (key === 'containers') containersPending = true
    else pending.add({ kind: 'image', name: imageName(key) })
    scheduleRead(0)
  }

  function fail(error: unknown) {
    failure ??= { error }
    // Destroying the stream does not end readline, so readline is aborted, too.
    failureController.abort()
    stream.destroy()
  }
  const throttleMs = () => Math.max(burstMs, lastReadAt + readIntervalMs - performance.now())
  function scheduleRead(waitMs = throttleMs()) {
    reading ??= readPending(waitMs)
  }

  async function followEvents() {
    try {
      const lines = createInterface({ input: stream, signal: AbortSignal.any([signal, failureController.signal]) })
      for await (const line of lines) {
        for (const invalidation of invalidationsOf(parseEvent(line)))
          if (invalidation.kind === 'everything-later') resyncAfterLoads()
          else if (invalidation.kind === 'settings') callbacks.onReload()
          else pending.add(invalidation)
        if (hasWork()) scheduleRead()
      }
    } catch {
      // An error of the stream means the same as its end: the engine has stopped.
    }
    // The wait is limited, because a reply that was cut off never completes: docker-modem waits for the remaining bytes.
    await Promise.race([reading, delay(finalReadMs)])
    if (failure) throw failure.error
  }
  const resync = () => {
    pending.everything = true
    scheduleRead(0)
  }
  let loadTimer: NodeJS.Timeout | undefined
  function resyncAfterLoads() {
    clearTimeout(loadTimer)
    loadTimer = setTimeout(resync, loadDebounceMs).unref()
  }

  resync()
  return {
    ended: followEvents(),
    resync() {
      retries.clear('images')
      resync()
    },
    retryNow: () => retries.retryNow(),
    inspectAgain(image) {
      if (!retries.hasFailed(`image ${image}`)) retry(`image ${image}`)
    },
  }
}

/** @returns a live state that ignores updates after `signal` aborts, because the window may show another engine then */
const ignoreAfterAbort = (signal: AbortSignal, live: Live): Live => ({
  ...live,
  apply: (read, unreadable) => signal.aborted || live.apply(read, unreadable),
  applyContainers: (rows) => signal.aborted || live.applyContainers(rows),
  replace: (list, since, unreadable) => signal.aborted || live.replace(list, since, unreadable),
})
