/** Schedules the retries of requests that the engine refused. */
import { Backoff } from '../connect/backoff.ts'

/** Identifies a request: the list of images or of containers, or the inspect of an image by a name. */
export type RetryKey = 'images' | 'containers' | `image ${string}`

interface Retry {
  readonly backoff: Backoff
  detail: string
  timer: NodeJS.Timeout | undefined
}

/** Minimum time between two retries of image inspects. */
const imageIntervalMs = 800
/** A failure is shown after this many in a row (1.5 s), because engines fail for a moment while they remove images. */
const shownAfterFailures = 3

export class Retries {
  readonly #retries = new Map<RetryKey, Retry>()
  readonly #onDue
  #lastImageAt = 0

  /** @param onDue called when a request is due */
  constructor(onDue: (key: RetryKey) => void) {
    this.#onDue = onDue
  }

  /**
   * Records a failure with the engine's message, and schedules a retry.
   * @returns whether the failure should be shown
   */
  recordFailure(key: RetryKey, detail: string): boolean {
    const retry = this.#retries.get(key) ?? { backoff: new Backoff(), detail, timer: undefined }
    this.#retries.set(key, retry)
    retry.detail = detail
    clearTimeout(retry.timer)
    retry.timer = setTimeout(() => this.#runNow(key), this.#nextWaitMs(key, retry.backoff)).unref()
    return retry.backoff.failures >= shownAfterFailures
  }

  /** Forgets the failures of a request, and cancels its retry. */
  clear(key: RetryKey) {
    clearTimeout(this.#retries.get(key)?.timer)
    this.#retries.delete(key)
  }

  /** Whether the last attempt of this request failed. */
  hasFailed(key: RetryKey): boolean {
    return this.#retries.has(key)
  }

  /** Whether the request is waiting for its back-off. */
  isWaiting(key: RetryKey): boolean {
    return this.#retries.get(key)?.timer !== undefined
  }

  /** @returns the ids of the images whose failure should be shown, with the engine's messages */
  unreadableImages(): Map<string, string> {
    return new Map(
      [...this.#retries].flatMap(([key, { detail, backoff }]) =>
        key.startsWith('image sha256:') && backoff.failures >= shownAfterFailures
          ? [[imageName(key), detail] as const]
          : [],
      ),
    )
  }

  /** Drops the retries of image ids that are not listed any more. */
  keepOnlyImages(isListed: (id: string) => boolean) {
    for (const key of this.#retries.keys())
      if (key.startsWith('image sha256:') && !isListed(imageName(key))) this.clear(key)
  }

  /** Repeats all waiting requests without waiting for their back-off. */
  retryNow() {
    for (const key of this.#retries.keys()) if (this.isWaiting(key)) this.#runNow(key)
  }

  end() {
    for (const key of this.#retries.keys()) this.clear(key)
  }

  #runNow(key: RetryKey) {
    const retry = this.#retries.get(key)
    if (!retry) return
    clearTimeout(retry.timer)
    retry.timer = undefined
    this.#onDue(key)
  }

  #nextWaitMs(key: RetryKey, backoff: Backoff): number {
    const now = performance.now()
    const dueAt = now + backoff.next()
    if (!key.startsWith('image ')) return dueAt - now
    this.#lastImageAt = Math.max(dueAt, this.#lastImageAt + imageIntervalMs)
    return this.#lastImageAt - now
  }
}

/** @returns the image name in a key of the form `image <name>` */
export const imageName = (key: RetryKey): string => key.slice('image '.length)
