/** Evaluates a race of mirrors: compares their content, ranks them, and diagnoses a race without a usable mirror. */
import type { UnixTime } from '../image/image.ts'

/** The progress and the result of probing one mirror. */
export type Probe<Failure> =
  | { readonly state: 'waiting' | 'asking' }
  /** The mirror has the image; its speed is being measured or waits to be. */
  | { readonly state: 'measuring'; readonly digest: string; readonly firstByte: number }
  | {
      readonly state: 'answered'
      /** The digest of the tag, computed from the received bytes. */
      readonly digest: string
      /** Seconds until the first response. */
      readonly firstByte: number
      /** Bytes per second; absent if the image is too small to measure. */
      readonly speed?: number | undefined
      readonly at: UnixTime
    }
  | { readonly state: 'failed'; readonly failure: Failure; readonly digest?: string | undefined; readonly at: UnixTime }

/**
 * How the content of a mirror compares with Docker Hub's, or with that of most mirrors if Docker Hub is unreachable.
 * - `same`: equal.
 * - `older`: different, but other mirrors know the digest, so this mirror's cache lags behind a tag that moved.
 * - `other`: different, and the other mirrors do not know the digest.
 * - `disputed`: the mirrors disagree, and none of the digests is the most common.
 * - `either`: like `disputed`, but mirrors with other content know the digest, so the tag refers or referred to it.
 * - `alone`: neither Docker Hub nor another mirror has content to compare with.
 * - `open`: different, and no cross-check has decided yet.
 */
export type Content = 'same' | 'older' | 'either' | 'other' | 'disputed' | 'alone' | 'open'

/** The results of the cross-checks: mirrors were asked for digests that differ from their own. */
export interface DigestConfirmations {
  /** Digests that another mirror, or Docker Hub, has as well. */
  readonly confirmed: readonly string[]
  /** Digests that the other mirrors do not have. */
  readonly unknown: readonly string[]
}

export interface Comparison {
  /** The digest at Docker Hub, otherwise the most common one. Absent if there is a tie. */
  readonly expected?: string
  contentOf(digest: string): Content
}

/**
 * Compares the digests of Docker Hub and the mirrors.
 * @param isComplete whether all probes and cross-checks have ended
 */
export function compareDigests(
  hub: string | undefined,
  mirrors: readonly string[],
  { confirmed, unknown }: DigestConfirmations = { confirmed: [], unknown: [] },
  isComplete = true,
): Comparison {
  const digests = hub === undefined ? mirrors : [hub, ...mirrors]
  const expected = hub ?? mostCommon(mirrors)
  return {
    ...(expected !== undefined && { expected }),
    contentOf(digest) {
      if (digests.length <= 1) return 'alone'
      if (digest === expected) return 'same'
      if (confirmed.includes(digest)) return expected === undefined ? 'either' : 'older'
      if (expected === undefined) return isComplete ? 'disputed' : 'open'
      return unknown.includes(digest) ? 'other' : 'open'
    },
  }
}

/** @returns the most common digest; undefined if there is a tie */
function mostCommon(digests: readonly string[]): string | undefined {
  const counts = [...Map.groupBy(digests, (digest) => digest)].map(([digest, group]) => ({
    digest,
    count: group.length,
  }))
  const [first, second] = counts.toSorted((a, b) => b.count - a.count)
  return first && first.count > (second?.count ?? 0) ? first.digest : undefined
}

export const digestIn = <Failure>(probe: Probe<Failure> | undefined): string | undefined =>
  probe && 'digest' in probe ? probe.digest : undefined

/** Whether a mirror is usable: its probe succeeded, and another server confirms its content, or there is no other. */
export const isUsable = <Failure>(probe: Probe<Failure> | undefined, content: Content): boolean =>
  probe?.state === 'answered' && ['same', 'older', 'either', 'alone'].includes(content)

/** Whether the content is the best available. */
export const isCurrent = (content: Content): boolean => content === 'same' || content === 'alone'

/** Longer rate limits are cut to this time, since a wrong header must not disable a mirror forever. */
const maxRateLimitSeconds = 3600

export interface RateLimit {
  /** When the mirror refused a request. */
  readonly at: UnixTime
  /** When the mirror accepts requests again; undefined if the mirror did not say. */
  readonly until: UnixTime | undefined
}

/** When a mirror that limits requests can be probed again; undefined if the mirror did not say. */
export const rateLimitedUntil = ({ at, until }: RateLimit): UnixTime | undefined =>
  until === undefined ? undefined : Math.min(until, at + maxRateLimitSeconds)

/** Whether a rate limit still applies. A limit from the future (the clock was set back) is ignored. */
export const isRateLimited = (limit: RateLimit, now: UnixTime): boolean =>
  limit.at <= now && now < (rateLimitedUntil(limit) ?? 0)

/**
 * @returns a comparator that sorts mirrors in this order: usable with current content, usable with older content,
 * without a result, with other content, failed. Within each group the fastest comes first.
 */
export function compareByResult<Participant, Failure>(
  probeOf: (participant: Participant) => Probe<Failure> | undefined,
  contentOf: (digest: string) => Content,
): (a: Participant, b: Participant) => number {
  const rank = (probe: Probe<Failure> | undefined) => {
    if (probe?.state !== 'answered') return probe?.state === 'failed' ? 4 : 2
    const content = contentOf(probe.digest)
    return isUsable(probe, content) ? (isCurrent(content) ? 0 : 1) : 3
  }
  const speed = (probe: Probe<Failure> | undefined) => (probe?.state === 'answered' && probe.speed) || 0
  return (left, right) => {
    const [a, b] = [probeOf(left), probeOf(right)]
    return rank(a) - rank(b) || speed(b) - speed(a)
  }
}

export interface ProbeFailure {
  readonly code: string
  readonly reason?: string
}

/**
 * The outcome of a race:
 * - `found`: at least one mirror is usable.
 * - `hub-works`: only Docker Hub is usable.
 * - `no-image`: Docker Hub does not have the image.
 * - `disputed`: the mirrors disagree about the content.
 * - `offline`: no host was reachable.
 * - `portal`: other servers responded, as behind a captive portal.
 * - `clock`: every certificate is outside its validity period, so the computer's clock may be wrong.
 * - `none`: no mirror is usable, for another reason.
 */
export type Diagnosis = 'found' | 'hub-works' | 'no-image' | 'disputed' | 'none' | 'offline' | 'portal' | 'clock'

/** Explains the outcome of a race. Call this after all probes have ended. */
export function diagnose(
  hub: Probe<ProbeFailure> | undefined,
  mirrors: readonly (Probe<ProbeFailure> | undefined)[],
  contentOf: (digest: string) => Content,
): Diagnosis {
  const isAnyUsable = mirrors.some((probe) => isUsable(probe, contentOf(digestIn(probe) ?? '')))
  if (isAnyUsable) return 'found'
  if (hub?.state === 'answered') return 'hub-works'
  if (hub?.state === 'failed' && hub.failure.code === 'reference-unknown') return 'no-image'
  const isUndecided = (content: Content) => content === 'disputed' || content === 'open'
  if (mirrors.some((probe) => probe?.state === 'answered' && isUndecided(contentOf(probe.digest)))) return 'disputed'
  const failures = [hub, ...mirrors].flatMap((probe) => (probe?.state === 'failed' ? [probe.failure] : []))
  const all = (matches: (failure: ProbeFailure) => boolean) => failures.length > 1 && failures.every(matches)
  if (all(({ code, reason }) => code === 'registry-unreachable' && reason?.startsWith('no-') === true)) return 'offline'
  if (all(({ code, reason }) => code === 'registry-tls' && /^(expired|not-yet-valid)$/.test(reason ?? '')))
    return 'clock'
  if (all(({ code }) => /^registry-(tls|invalid-reply|redirects|address)$/.test(code))) return 'portal'
  return 'none'
}
