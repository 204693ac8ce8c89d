import { expect, test } from 'vitest'
import type { Image } from '../../../model/image/image.ts'
import { presenceOf } from '../../../model/search/presence.ts'

const [firstDigest, secondDigest] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`]
const image = (change: Partial<Image>): Image => ({
  ...{ id: `sha256:${'0'.repeat(64)}`, references: ['nginx:1.27'], digests: [], created: 0, size: 1 },
  ...change,
})
const variant = { tags: ['latest', '1.27'], digest: firstDigest }

test('a variant is present under any of its tags if the content is the same', () => {
  const pulled = image({ digests: [`nginx@${firstDigest}`] })
  expect(presenceOf('nginx', variant, [pulled], 'classic')).toBe('present')
  expect(presenceOf('nginx', { ...variant, digest: secondDigest }, [pulled], 'classic')).toBe('older')
  expect(presenceOf('nginx', { tags: ['1.26'] }, [pulled], 'classic')).toBeUndefined()
  expect(presenceOf('team/nginx', variant, [pulled], 'classic')).toBeUndefined()
})

test('in the containerd store the content is compared by the image’s ID', () => {
  expect(presenceOf('nginx', variant, [image({ id: firstDigest })], 'containerd')).toBe('present')
  expect(presenceOf('nginx', variant, [image({ id: secondDigest })], 'containerd')).toBe('older')
})

test('without two digests to compare, an image with the same tag counts as present', () => {
  expect(presenceOf('nginx', variant, [image({})], 'classic')).toBe('present')
  expect(presenceOf('nginx', { tags: ['1.27'] }, [image({ digests: [`nginx@${firstDigest}`] })], 'classic')).toBe(
    'present',
  )
})
