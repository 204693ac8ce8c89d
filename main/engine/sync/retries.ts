/** What the engine failed to answer, and when each question is asked again. */
import { Backoff } from '../connect/backoff.ts'

/** The two lists, or an image by the name that it was asked for. */
export type RetryKey = 'images' | 'containers' | `image ${string}`

interface Retry {
  readonly backoff: Backoff
  said: string
  timer: NodeJS.Timeout | undefined
}

/** Images are asked for again one after another, this many milliseconds apart, however many they are. */
const imagesApartMs = 800
/** An engine fails for a moment while it removes images: only the third failure in a row, after 1.5 s, is shown. */
const shownAfter = 3

export class Retries {
  readonly #retries = new Map<RetryKey, Retry>()
  readonly #ask
  #lastImageAt = 0

  /** `ask` is called when a question is due. */
  constructor(ask: (key: RetryKey) => void) {
    this.#ask = ask
  }

  /** Notes a failure with the engine's words. Returns whether it is to be shown by now. */
  failed(key: RetryKey, said: string): boolean {
    const retry = this.#retries.get(key) ?? { backoff: new Backoff(), said, timer: undefined }
    this.#retries.set(key, retry)
    retry.said = said
    clearTimeout(retry.timer)
    retry.timer = setTimeout(() => this.#due(key), this.#waitMs(key, retry.backoff)).unref()
    return retry.backoff.failures >= shownAfter
  }

  succeeded(key: RetryKey) {
    clearTimeout(this.#retries.get(key)?.timer)
    this.#retries.delete(key)
  }

  /** Whether the question failed when it was asked last. */
  isKnown(key: RetryKey): boolean {
    return this.#retries.has(key)
  }

  /** Whether the question waits for its back-off. */
  isWaiting(key: RetryKey): boolean {
    return this.#retries.get(key)?.timer !== undefined
  }

  /** The images whose failure is to be shown, with the engine's words. */
  unreadableImages(): Map<string, string> {
    return new Map(
      [...this.#retries].flatMap(([key, { said, backoff }]) =>
        key.startsWith('image sha256:') && backoff.failures >= shownAfter ? [[nameOf(key), said] as const] : [],
      ),
    )
  }

  /** Forgets the images that are in no list any more. */
  keepImages(listed: (id: string) => boolean) {
    for (const key of this.#retries.keys())
      if (key.startsWith('image sha256:') && !listed(nameOf(key))) this.succeeded(key)
  }

  /** Asks at once: the user wants to know. */
  askNow() {
    for (const key of this.#retries.keys()) if (this.isWaiting(key)) this.#due(key)
  }

  end() {
    for (const key of this.#retries.keys()) this.succeeded(key)
  }

  #due(key: RetryKey) {
    const retry = this.#retries.get(key)
    if (!retry) return
    clearTimeout(retry.timer)
    retry.timer = undefined
    this.#ask(key)
  }

  #waitMs(key: RetryKey, backoff: Backoff): number {
    const now = performance.now()
    const at = now + backoff.next()
    if (!key.startsWith('image ')) return at - now
    this.#lastImageAt = Math.max(at, this.#lastImageAt + imagesApartMs)
    return this.#lastImageAt - now
  }
}

export const nameOf = (key: RetryKey): string => key.slice('image '.length)
