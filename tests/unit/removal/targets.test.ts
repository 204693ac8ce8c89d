import { expect, test } from 'vitest'
import type { Image } from '../../../model/image/image.ts'
import { resolveTargets } from '../../../model/removal/targets.ts'

const image = (id: string, ...references: string[]): Image => ({ id, references, digests: [], created: 1, size: 100 })
const images = new Map([image('a', 'one:1', 'one:2', 'two:1'), image('b')].map((item) => [item.id, item]))

test('a target without a tag is the whole image, and so are all of its tags together', () => {
  expect(resolveTargets(images, [{ image: 'b' }])).toEqual({ fullySelected: new Set(['b']), untags: [], missing: [] })
  const rows = ['one:1', 'two:1', 'one:2'].map((reference) => ({ image: 'a', reference }))
  expect(resolveTargets(images, rows)).toEqual({ fullySelected: new Set(['a']), untags: [], missing: [] })
})

test('if only some tags are selected, each is untagged, with a list of the tags that stay', () => {
  const rows = [
    { image: 'a', reference: 'two:1' },
    { image: 'a', reference: 'one:1' },
  ]
  expect(resolveTargets(images, rows)).toEqual({
    fullySelected: new Set(),
    untags: [
      { image: 'a', reference: 'two:1', staysAs: ['one:2'] },
      { image: 'a', reference: 'one:1', staysAs: ['one:2'] },
    ],
    missing: [],
  })
})

test('the same tag twice counts once', () => {
  const row = { image: 'a', reference: 'one:1' }
  expect(resolveTargets(images, [row, row, row])).toMatchObject({
    fullySelected: new Set(),
    untags: [{ reference: 'one:1' }],
  })
})

test('the whole image together with one of its tags is the whole image', () => {
  const { fullySelected, untags } = resolveTargets(images, [{ image: 'a', reference: 'one:1' }, { image: 'a' }])
  expect([fullySelected, untags]).toEqual([new Set(['a']), []])
})

test('targets that no longer exist are returned as missing', () => {
  const gone = [{ image: 'c' }, { image: 'a', reference: 'three:1' }]
  expect(resolveTargets(images, gone)).toEqual({ fullySelected: new Set(), untags: [], missing: gone })
})
