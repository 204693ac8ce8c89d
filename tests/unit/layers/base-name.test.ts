import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Image } from '../../../model/image/image.ts'
import { baseName } from '../../../model/layers/base-name.ts'

const image = (created: number, ...references: string[]): Image => ({
  id: `sha256:${references.join()}`,
  references,
  digests: [],
  created,
  size: 1,
})

describe('the name of a base image', () => {
  test('is that of the oldest tagged image', () => {
    expect(baseName([image(200, 'app:1'), image(100, 'debian:13')])).toBe('debian:13')
  })

  test('is, among the names of the oldest images, the one with the fewest path components, then the first in alphabetical order', () => {
    expect(baseName([image(100, 'example.com/debian:13', 'debian:trixie', 'debian:13')])).toBe('debian:13')
  })

  test('is never that of an image without a date if another tagged image has a date', () => {
    expect(baseName([image(0, 'app:1'), image(300, 'debian:13')])).toBe('debian:13')
  })

  test('is undefined if no image has a tag', () => {
    expect(baseName([])).toBeUndefined()
    expect(baseName([image(100)])).toBeUndefined()
  })

  test('does not depend on the order in which the images were read', () => {
    const images = [image(100, 'b:1', 'a:1'), image(100, 'x/a:1'), image(0, 'c:1'), image(100)]
    fc.assert(
      fc.property(fc.shuffledSubarray(images, { minLength: images.length }), (shuffled) => {
        expect(baseName(shuffled.map((item) => ({ ...item, references: item.references.toReversed() })))).toBe('a:1')
      }),
    )
  })
})
