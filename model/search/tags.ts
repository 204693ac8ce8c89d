/** The tags of an image, put in order: newest useful first. What a tag means is custom, not rule, so all here is a guess. */

export interface Tagged {
  readonly tags: readonly string[]
  readonly platforms: readonly string[]
  readonly digest?: string
  readonly updated?: number
}

/** How a tag reads: `1.31.4-alpine` is the version 1.31.4 with more to it. */
interface Reading {
  readonly numbers: readonly number[]
  readonly more: string
}

const version = /^v?(\d+(?:\.\d+)*)(.*)$/
/** `20260805` is a day, not a version greater than any other; so are the digits of a build or a commit. */
const tooGreat = 1_000_000

function read(tag: string): Reading {
  const [, numbers, more = ''] = version.exec(tag) ?? []
  const read = numbers?.split('.').map(Number)
  return !read || read[0]! >= tooGreat ? { numbers: [], more: tag } : { numbers: read, more }
}

const isRelease = (tag: string) => {
  const { numbers, more } = read(tag)
  return numbers.length > 0 && more === ''
}

const wordOf = (words: string) => new RegExp(`(?:^|[-._\\d])(?:${words})(?=[-._\\d]|$)`, 'i')
const unfinished = wordOf('alpha|beta|rc|ea|pre|preview|devel|experimental|testing|unstable|buggy|sid')
const moving = wordOf('nightly|edge|dev|main|master|tip|snapshot|canary|insiders|next')
const windows = /windowsservercore|nanoserver/i
/** Signatures and the like, and commits: written by machines for machines. */
const machineMade = /^sha256-|\.(?:sig|att|sbom)$|^(?:sha-)?[0-9a-f]{7,64}$/

/**
 * A variant's tags, the one to show first, first: `latest`, else the most exact version with the least beside it
 * (`3.13.15` before `3.13.15-trixie`), else the shortest word. Aliases in one word come before those that say the base
 * too: `latest`, `1.31.4`, `1.31`, `mainline`, `1.31.4-trixie`.
 */
export function orderTags(tags: readonly string[]): string[] {
  const released = tags.some(isRelease)
  const group = (tag: string) =>
    tag === 'latest' ? 0 : isRelease(tag) ? 1 : released && read(tag).numbers.length === 0 && !tag.includes('-') ? 2 : 3
  return [...new Set(tags)].sort(
    (a, b) =>
      group(a) - group(b) ||
      read(b).numbers.length - read(a).numbers.length ||
      a.length - b.length ||
      alphabetical(a, b),
  )
}

/**
 * `latest` first, then releases, then what has a name alone (`bookworm`), then the kinds of a release (`1.31-alpine`);
 * at the end what is not finished, what is made for Windows, and what only machines read. Within each the greater
 * version first, compared by number.
 */
export const newestUsefulFirst = <Variant extends Tagged>(variants: readonly Variant[]): Variant[] =>
  variants
    .map((variant) => ({ variant, key: keyOf(variant) }))
    .sort(
      ({ key: a }, { key: b }) =>
        a.rank - b.rank ||
        descending(a.numbers, b.numbers) ||
        alphabetical(a.more, b.more) ||
        alphabetical(a.tag, b.tag),
    )
    .map(({ variant }) => variant)

/** Variants of the same digest become one that carries all their tags, and the newest of their dates. */
export function mergeVariants<Variant extends Tagged>(variants: readonly Variant[]): Variant[] {
  const merged = new Map<string, Variant>()
  variants.forEach((variant, at) => {
    const key = variant.digest ?? `alone ${at}`
    const one = merged.get(key) ?? variant
    const updated = Math.max(one.updated ?? 0, variant.updated ?? 0)
    merged.set(key, { ...one, tags: orderTags([...one.tags, ...variant.tags]), ...(updated > 0 && { updated }) })
  })
  return [...merged.values()]
}

function keyOf(variant: Tagged) {
  const [tag = ''] = orderTags(variant.tags)
  // Of `latest` the version is what it is an alias of.
  const exact = orderTags(variant.tags.filter((other) => other !== 'latest'))[0] ?? tag
  return { tag, rank: rankOf(variant), ...read(exact) }
}

function rankOf({ tags, platforms }: Tagged): number {
  if (tags.includes('latest')) return 0
  if (tags.every((tag) => machineMade.test(tag) && !isRelease(tag))) return 6
  if (
    tags.some((tag) => windows.test(tag)) ||
    (platforms.length > 0 && platforms.every((one) => one.startsWith('windows/')))
  )
    return 5
  if (tags.some((tag) => unfinished.test(tag))) return 4
  if (tags.some(isRelease)) return 1
  if (tags.some((tag) => moving.test(tag))) return 4
  // `1.31.4-perl` is a kind of a release, even where `perl` is an alias of it.
  return tags.every((tag) => read(tag).numbers.length === 0) && tags.some((tag) => !tag.includes('-')) ? 2 : 3
}

function descending(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (b[at] ?? -1) - (a[at] ?? -1)
    if (difference) return difference
  }
  return 0
}

const alphabetical = (a: string, b: string) => (a < b ? -1 : Number(a > b))
