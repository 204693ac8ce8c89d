/** What a race of mirrors shows: who has the same content as the others, who is good, and what ails them all. */
import type { UnixTime } from '../image/image.ts'

/** How far the look at one of them is, and what it showed. */
export type Probe<Why> =
  | { readonly state: 'waiting' | 'asking' }
  /** It has the image, and its speed is measured or will be. */
  | { readonly state: 'measuring'; readonly digest: string; readonly firstByte: number }
  | {
      readonly state: 'answered'
      /** What its tag leads to, by the bytes that came. */
      readonly digest: string
      /** Until its first answer, in seconds. */
      readonly firstByte: number
      /** Bytes a second; absent where the image is too small to tell. */
      readonly speed?: number | undefined
      readonly at: UnixTime
    }
  | { readonly state: 'failed'; readonly failure: Why; readonly digest?: string | undefined; readonly at: UnixTime }

/**
 * `older`: not what Docker Hub or most others have now, but they know it: a tag moves, and a cache follows later.
 * `other`: they have never heard of it. `disputed`: they do not agree, and nobody is to be believed more.
 * `either`: so it is, but those who have other content know this as well: it is what the tag means, or meant.
 * `alone`: there is nobody to compare with. `open`: it differs, and nobody has said yet whether they know it.
 */
export type Content = 'same' | 'older' | 'either' | 'other' | 'disputed' | 'alone' | 'open'

/** Digests that those who have another were asked for: those that they know as well, and those that they do not. */
export interface Vouched {
  readonly genuine: readonly string[]
  readonly unknown: readonly string[]
}

export interface Compared {
  /** What the tag leads to, as far as anyone is to be believed: Docker Hub, else most of them. */
  readonly expected?: string
  contentOf(digest: string): Content
}

/** `over`: all have said what they have. */
export function compare(
  hub: string | undefined,
  mirrors: readonly string[],
  { genuine, unknown }: Vouched = { genuine: [], unknown: [] },
  over = true,
): Compared {
  const all = hub === undefined ? mirrors : [hub, ...mirrors]
  const expected = hub ?? mostHave(mirrors)
  return {
    ...(expected !== undefined && { expected }),
    contentOf(digest) {
      if (all.length <= 1) return 'alone'
      if (digest === expected) return 'same'
      if (genuine.includes(digest)) return expected === undefined ? 'either' : 'older'
      if (expected === undefined) return over ? 'disputed' : 'open'
      return unknown.includes(digest) ? 'other' : 'open'
    },
  }
}

/** The digest that more of them have than any other. */
function mostHave(digests: readonly string[]): string | undefined {
  const votes = [...Map.groupBy(digests, (digest) => digest)].map(([digest, of]) => ({ digest, votes: of.length }))
  const [first, second] = votes.toSorted((a, b) => b.votes - a.votes)
  return first && first.votes > (second?.votes ?? 0) ? first.digest : undefined
}

export const digestIn = <Why>(probe: Probe<Why> | undefined): string | undefined =>
  probe && 'digest' in probe ? probe.digest : undefined

/** Whether it may be used: it was tried, and what it has is Docker Hub's, now or a while ago. */
export const isGood = <Why>(probe: Probe<Why> | undefined, content: Content): boolean =>
  probe?.state === 'answered' && ['same', 'older', 'either', 'alone'].includes(content)

/** Whether there is nothing better than what it has. */
export const isFresh = (content: Content): boolean => content === 'same' || content === 'alone'

/** However long a mirror wants to be left alone, in seconds: a wrong header must not silence it for good. */
const longestRest = 3600

export interface Rest {
  /** When it asked for it. */
  readonly at: UnixTime
  readonly until: UnixTime | undefined
}

/** When a mirror that wants to be left alone is asked again, where it says. */
export const restsUntil = ({ at, until }: Rest): UnixTime | undefined =>
  until === undefined ? undefined : Math.min(until, at + longestRest)

/** Whether it is to be left alone still. What was heard in the future, as it seems once a clock was set back, tells nothing of now. */
export const isLeftAlone = (rest: Rest, now: UnixTime): boolean => rest.at <= now && now < (restsUntil(rest) ?? 0)

/**
 * The order of two by what was found: the fastest good ones first, those with older content behind them, then those
 * under way, then those that failed; 0 where nothing that was found parts them.
 */
export function byFindings<Runner, Why>(
  probeOf: (runner: Runner) => Probe<Why> | undefined,
  contentOf: (digest: string) => Content,
): (a: Runner, b: Runner) => number {
  const rank = (probe: Probe<Why> | undefined) => {
    if (probe?.state !== 'answered') return probe?.state === 'failed' ? 4 : 2
    const content = contentOf(probe.digest)
    return isGood(probe, content) ? (isFresh(content) ? 0 : 1) : 3
  }
  const speed = (probe: Probe<Why> | undefined) => (probe?.state === 'answered' && probe.speed) || 0
  return (one, other) => {
    const [a, b] = [probeOf(one), probeOf(other)]
    return rank(a) - rank(b) || speed(b) - speed(a)
  }
}

interface Told {
  readonly code: string
  readonly reason?: string
}

/**
 * What is so, when all have ended. `no-image`: Docker Hub itself has none of that name. `disputed`: some have it, and
 * nobody can say whose is right. `offline`: none could even be asked. `portal`: none spoke for itself, as where a
 * network wants a sign-in first. `clock`: every certificate is out of date, so the clock may be.
 */
export type Diagnosis = 'found' | 'hub-works' | 'no-image' | 'disputed' | 'none' | 'offline' | 'portal' | 'clock'

export function diagnose(
  hub: Probe<Told> | undefined,
  mirrors: readonly (Probe<Told> | undefined)[],
  contentOf: (digest: string) => Content,
): Diagnosis {
  const good = mirrors.some((probe) => isGood(probe, contentOf(digestIn(probe) ?? '')))
  if (good) return 'found'
  if (hub?.state === 'answered') return 'hub-works'
  if (hub?.state === 'failed' && hub.failure.code === 'reference-unknown') return 'no-image'
  const isUndecided = (content: Content) => content === 'disputed' || content === 'open'
  if (mirrors.some((probe) => probe?.state === 'answered' && isUndecided(contentOf(probe.digest)))) return 'disputed'
  const failures = [hub, ...mirrors].flatMap((probe) => (probe?.state === 'failed' ? [probe.failure] : []))
  const all = (is: (failure: Told) => boolean) => failures.length > 1 && failures.every(is)
  if (all(({ code, reason }) => code === 'registry-unreachable' && reason?.startsWith('no-') === true)) return 'offline'
  if (all(({ code, reason }) => code === 'registry-tls' && reason !== undefined)) return 'clock'
  if (all(({ code }) => /^registry-(tls|nonsense|redirects)$/.test(code))) return 'portal'
  return 'none'
}
