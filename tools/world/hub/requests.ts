/** Records the requests of a stub, so that a test can check how many were made, when, and how many concurrently. */

export interface RecordedHubRequest {
  readonly host: string
  readonly method: string
  /** Including the query. */
  readonly path: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** When the response was sent or abandoned, in milliseconds since 1970. Absent while the request is in flight. */
  readonly endedAt?: number
  /** Absent if no headers were sent. */
  readonly status?: number
}

export interface RecordedRequests {
  readonly all: readonly RecordedHubRequest[]
  /** The requests to a host whose path contains the text. */
  of(host: string, text?: string): readonly RecordedHubRequest[]
  /** The highest number of requests, selected as by `of`, that were in flight at the same time. */
  maxConcurrent(host: string, text?: string): number
  /** Targets that the proxy refused to connect to, such as `example.com:443`. */
  readonly refused: readonly string[]
  clear(): void
}

type MutableRequest = { -readonly [Key in keyof RecordedHubRequest]: RecordedHubRequest[Key] }
const now = () => performance.timeOrigin + performance.now()

export class RequestLog implements RecordedRequests {
  #all: MutableRequest[] = []
  #refused: string[] = []

  get all(): readonly RecordedHubRequest[] {
    return this.#all
  }
  get refused(): readonly string[] {
    return this.#refused
  }
  of(host: string, text = ''): readonly RecordedHubRequest[] {
    return this.#all.filter((request) => request.host === host && request.path.includes(text))
  }
  maxConcurrent(host: string, text = ''): number {
    const requests = this.of(host, text)
    const countInFlightAt = (time: number) =>
      requests.filter(({ startedAt, endedAt = Infinity }) => startedAt <= time && time < endedAt).length
    return Math.max(0, ...requests.map(({ startedAt }) => countInFlightAt(startedAt)))
  }
  clear(): void {
    this.#all = []
    this.#refused = []
  }

  /** Records the start of a request. Call the returned function at its end. */
  record(host: string, method: string, path: string): (status: number | undefined) => void {
    const request: MutableRequest = { host, method, path, startedAt: now() }
    this.#all.push(request)
    return (status) => {
      request.endedAt = now()
      if (status !== undefined) request.status = status
    }
  }
  recordRefused(target: string): void {
    this.#refused.push(target)
  }
}
