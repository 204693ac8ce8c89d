/** What a stub was asked, so that a test can tell how often, when, and how many at once. */

export interface Asked {
  readonly host: string
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** When its answer was sent or given up; not yet while it is in flight. */
  readonly until?: number
  /** Absent where nothing was answered. */
  readonly status?: number
}

export interface Requests {
  readonly all: readonly Asked[]
  /** Those of one host, of those only whose path contains the text. */
  of(host: string, text?: string): readonly Asked[]
  /** How many of them were in flight at once, at most. */
  mostAtOnce(host: string, text?: string): number
  /** What a client tried to reach that is not here, as `example.com:443`. */
  readonly refused: readonly string[]
  clear(): void
}

type Noted = { -readonly [Key in keyof Asked]: Asked[Key] }
const now = () => performance.timeOrigin + performance.now()

export class RequestLog implements Requests {
  #all: Noted[] = []
  #refused: string[] = []

  get all(): readonly Asked[] {
    return this.#all
  }
  get refused(): readonly string[] {
    return this.#refused
  }
  of(host: string, text = ''): readonly Asked[] {
    return this.#all.filter((asked) => asked.host === host && asked.path.includes(text))
  }
  mostAtOnce(host: string, text = ''): number {
    const those = this.of(host, text)
    const flyingAt = (time: number) => those.filter(({ at, until = Infinity }) => at <= time && time < until).length
    return Math.max(0, ...those.map(({ at }) => flyingAt(at)))
  }
  clear(): void {
    this.#all = []
    this.#refused = []
  }

  /** Notes a request; what is returned notes its end. */
  begin(host: string, method: string, path: string): (status: number | undefined) => void {
    const asked: Noted = { host, method, path, at: now() }
    this.#all.push(asked)
    return (status) => {
      asked.until = now()
      if (status !== undefined) asked.status = status
    }
  }
  refuse(target: string): void {
    this.#refused.push(target)
  }
}
