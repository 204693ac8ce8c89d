import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeVariants, newestUsefulFirst, orderTags, type TaggedVariant } from '../../../model/search/tags.ts'

const variants = (...all: readonly string[]): TaggedVariant[] =>
  all.map((tags) => ({ tags: orderTags(tags.split(' ')), platforms: ['linux/amd64'] }))
const firstTags = (all: readonly TaggedVariant[]) => newestUsefulFirst(all).map(({ tags }) => tags[0])

test('the first tag is latest, or else the most exact version with the fewest suffixes', () => {
  expect(orderTags(['1.31.4', 'mainline', '1', '1.31', 'latest', '1.31.4-trixie', 'trixie'])).toEqual([
    ...['latest', '1.31.4', '1.31', '1', 'trixie', 'mainline', '1.31.4-trixie'],
  ])
  expect(orderTags(['3.13-trixie', '3.13.15-trixie', '3.13', '3.13.15'])[0]).toBe('3.13.15')
  expect(orderTags(['alpine', '8-alpine', '8.10.1-alpine3.23', '8.10.1-alpine'])[0]).toBe('8.10.1-alpine')
  expect(orderTags(['bookworm-20260803', 'bookworm'])[0]).toBe('bookworm')
  expect(orderTags(['20260805', 'edge'])[0]).toBe('edge')
})

test('versions are compared by number, variants follow plain releases, and pre-releases come last', () => {
  const all = variants(
    ...['1.9', '3.15.0rc1 3.15-rc', 'windowsservercore-ltsc2025 1.31-windowsservercore', '1.31.4 1 latest', '1.10'],
    ...['nightly', '1.10-alpine', 'v2.0', '1.31.4-alpine alpine', '1.31.4-perl perl', 'stable', 'sha256-ab.sig'],
  )
  expect(firstTags(all)).toEqual([
    ...['latest', 'v2.0', '1.10', '1.9', 'stable'],
    ...['1.31.4-alpine', '1.31.4-perl', '1.10-alpine'],
    ...['3.15.0rc1', 'nightly', '1.31-windowsservercore', 'sha256-ab.sig'],
  ])
})

test('a release in development is not listed before released ones', () => {
  expect(firstTags(variants('22.04 jammy', '26.10 devel stonking', '26.04 latest', '24.04 noble'))).toEqual([
    ...['latest', '24.04', '22.04', '26.10'],
  ])
  expect(firstTags(variants('20260805 edge', '3.23.5 3.23', '3.24.1 latest'))).toEqual(['latest', '3.23.5', 'edge'])
})

test('variants for Windows only are listed last', () => {
  const windows = { tags: ['9'], platforms: ['windows/amd64'] }
  expect(firstTags([windows, ...variants('1', '2-rc')])).toEqual(['1', '2-rc', '9'])
})

const tag = fc.oneof(
  fc.stringMatching(/^v?\d{1,3}(\.\d{1,3}){0,3}(-(alpine|slim|rc\d|trixie))?$/),
  fc.constantFrom('latest', 'stable', 'edge', 'alpine', 'nightly', '20260101', 'nanoserver'),
)
const variant = fc.record(
  {
    tags: fc.uniqueArray(tag, { minLength: 1, maxLength: 5 }),
    platforms: fc.constant(['linux/amd64']),
    digest: fc.constantFrom('a', 'b', 'c'),
    updated: fc.nat(),
  },
  { requiredKeys: ['tags', 'platforms'] },
)

test('the order does not depend on the input order, and no tag is lost', () => {
  fc.assert(
    fc.property(fc.uniqueArray(tag, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (tags, random) => {
      const all = tags.map((tag) => ({ tags: [tag], platforms: [] }))
      const shuffled = all.toSorted(() => (random.next().value! % 2) - 0.5)
      expect(firstTags(shuffled)).toEqual(firstTags(all))
      expect(firstTags(all).toSorted()).toEqual(tags.toSorted())
      expect(orderTags(orderTags(tags))).toEqual(orderTags(tags))
    }),
  )
})

test('after merging, each digest occurs once with all its tags, and variants without a digest stay separate', () => {
  fc.assert(
    fc.property(fc.array(variant, { maxLength: 12 }), (all) => {
      const merged = mergeVariants(all)
      const digests = merged.flatMap(({ digest }) => digest ?? [])
      expect(new Set(digests).size).toBe(digests.length)
      expect(merged).toHaveLength(new Set(digests).size + all.filter(({ digest }) => digest === undefined).length)
      for (const input of all) {
        const mergedInto = merged.filter(
          ({ digest, tags }) => digest === input.digest && input.tags.every((tag) => tags.includes(tag)),
        )
        expect(mergedInto.length).toBeGreaterThan(0)
        expect(mergedInto.some(({ updated = 0 }) => updated >= (input.updated ?? 0))).toBe(true)
      }
    }),
  )
})
