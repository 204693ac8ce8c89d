import { expect, test } from 'vitest'
import { listed, rowsOf, shortId, splitReference, type Image } from '../../../model/image/image.ts'

const image = (id: string, overrides: Partial<Image> = {}): Image => ({
  id: `sha256:${id.padEnd(64, '0')}`,
  references: [],
  digests: [],
  created: 0,
  size: 0,
  ...overrides,
})

test('a colon before the last slash belongs to the host, not to the tag', () => {
  expect(splitReference('registry.local:5000/team/api:2025.11')).toEqual({
    repository: 'registry.local:5000/team/api',
    tag: '2025.11',
  })
  expect(splitReference('localhost:5000/a/b/c/d/e/f')).toEqual({
    repository: 'localhost:5000/a/b/c/d/e/f',
    tag: 'latest',
  })
})

test('an image has a row for each of its tags', () => {
  const rows = rowsOf(image('a', { references: ['nginx:1.27', 'nginx:stable'] }))
  expect(rows.map(({ repository, tag }) => `${repository}:${tag}`)).toEqual(['nginx:1.27', 'nginx:stable'])
})

test('an image without a tag has one row, with the repository of its digest if there is one', () => {
  expect(rowsOf(image('a'))).toMatchObject([{ repository: undefined, tag: undefined }])
  expect(rowsOf(image('b', { digests: ['nginx@sha256:0'] }))).toMatchObject([{ repository: 'nginx', tag: undefined }])
})

test('an untagged image that is the parent of another is not listed, as in docker images', () => {
  const step = image('5')
  const top = image('7', { references: ['app:1'], parent: step.id })
  const dangling = image('d')
  expect(listed([step, top, dangling])).toEqual([top, dangling])
})

test('a short ID has the twelve digits that Docker prints', () => {
  expect(shortId('sha256:3b25b682ea82b2db3cc4fd48db818be788ee3f902ac7378090cf2624ec2442df')).toBe('3b25b682ea82')
})
