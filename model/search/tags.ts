/** Sorts the tags of an image, newest useful first. Tags follow conventions only, so the order is a heuristic. */

export interface TaggedVariant {
  readonly tags: readonly string[]
  readonly platforms: readonly string[]
  readonly digest?: string
  /** In seconds since 1970. */
  readonly updated?: number
}

/** A parsed tag: `1.31.4-alpine` is the version 1.31.4 with the suffix `-alpine`. */
interface ParsedTag {
  readonly numbers: readonly number[]
  readonly suffix: string
}

const version = /^v?(\d+(?:\.\d+)*)(.*)$/
/** Greater numbers, such as the date `20260805`, a build number or a commit, are not versions. */
const maxVersionNumber = 1_000_000

function parse(tag: string): ParsedTag {
  const [, digits, suffix = ''] = version.exec(tag) ?? []
  const numbers = digits?.split('.').map(Number)
  return !numbers || numbers[0]! >= maxVersionNumber ? { numbers: [], suffix: tag } : { numbers, suffix }
}

const isRelease = (tag: string) => {
  const { numbers, suffix } = parse(tag)
  return numbers.length > 0 && suffix === ''
}

const anyWord = (words: string) => new RegExp(`(?:^|[-._\\d])(?:${words})(?=[-._\\d]|$)`, 'i')
const prerelease = anyWord('alpha|beta|rc|ea|pre|preview|devel|experimental|testing|unstable|buggy|sid')
const movingTag = anyWord('nightly|edge|dev|main|master|tip|snapshot|canary|insiders|next')
const windowsTag = /windowsservercore|nanoserver/i
/** Signatures, attestations, SBOMs and commit hashes. */
const machineTag = /^sha256-|\.(?:sig|att|sbom)$|^(?:sha-)?[0-9a-f]{7,64}$/

/**
 * Sorts a variant's tags and removes duplicates: `latest`, versions without a suffix, words without a hyphen (if there
 * is such a version), all other tags. In each group, the most exact version comes first, then the shortest tag. So:
 * `latest`, `1.31.4`, `1.31`, `mainline`, `1.31.4-trixie`.
 */
export function orderTags(tags: readonly string[]): string[] {
  const hasRelease = tags.some(isRelease)
  const group = (tag: string) =>
    tag === 'latest'
      ? 0
      : isRelease(tag)
        ? 1
        : hasRelease && parse(tag).numbers.length === 0 && !tag.includes('-')
          ? 2
          : 3
  return [...new Set(tags)].sort(
    (a, b) =>
      group(a) - group(b) ||
      parse(b).numbers.length - parse(a).numbers.length ||
      a.length - b.length ||
      compareText(a, b),
  )
}

/**
 * Sorts variants in this order: `latest`, releases, named variants (`bookworm`), flavors of a release (`1.31-alpine`),
 * prereleases and moving tags, Windows variants, machine-made tags. Within each group higher versions come first.
 */
export const newestUsefulFirst = <Variant extends TaggedVariant>(variants: readonly Variant[]): Variant[] =>
  variants
    .map((variant) => ({ variant, key: sortKeyOf(variant) }))
    .sort(
      ({ key: a }, { key: b }) =>
        a.rank - b.rank ||
        compareDescending(a.numbers, b.numbers) ||
        compareText(a.suffix, b.suffix) ||
        compareText(a.tag, b.tag),
    )
    .map(({ variant }) => variant)

/** Merges variants with the same digest into one with all their tags and the latest date. */
export function mergeVariants<Variant extends TaggedVariant>(variants: readonly Variant[]): Variant[] {
  const merged = new Map<string, Variant>()
  variants.forEach((variant, index) => {
    const key = variant.digest ?? `no digest ${index}`
    const existing = merged.get(key) ?? variant
    const updated = Math.max(existing.updated ?? 0, variant.updated ?? 0)
    merged.set(key, {
      ...existing,
      tags: orderTags([...existing.tags, ...variant.tags]),
      ...(updated > 0 && { updated }),
    })
  })
  return [...merged.values()]
}

function sortKeyOf(variant: TaggedVariant) {
  const [tag = ''] = orderTags(variant.tags)
  // The version of `latest` is that of another tag of the variant.
  const versionTag = orderTags(variant.tags.filter((other) => other !== 'latest'))[0] ?? tag
  return { tag, rank: rankOf(variant), ...parse(versionTag) }
}

function rankOf({ tags, platforms }: TaggedVariant): number {
  if (tags.includes('latest')) return 0
  if (tags.every((tag) => machineTag.test(tag) && !isRelease(tag))) return 6
  if (
    tags.some((tag) => windowsTag.test(tag)) ||
    (platforms.length > 0 && platforms.every((platform) => platform.startsWith('windows/')))
  )
    return 5
  if (tags.some((tag) => prerelease.test(tag))) return 4
  if (tags.some(isRelease)) return 1
  if (tags.some((tag) => movingTag.test(tag))) return 4
  // `1.31.4-perl` is a flavor of a release, even if `perl` is an alias of it.
  return tags.every((tag) => parse(tag).numbers.length === 0) && tags.some((tag) => !tag.includes('-')) ? 2 : 3
}

function compareDescending(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (b[index] ?? -1) - (a[index] ?? -1)
    if (difference) return difference
  }
  return 0
}

const compareText = (a: string, b: string) => (a < b ? -1 : Number(a > b))
