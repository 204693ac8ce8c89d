import { expect, test } from 'vitest'
import { supportsCacheRemovalById } from '../../../main/engine/index.ts'

test('records are removed by ID only on an engine that then removes nothing else', () => {
  expect(supportsCacheRemovalById({ product: 'Docker', api: '1.41' })).toBe(true)
  expect(supportsCacheRemovalById({ product: 'Docker', api: '1.51' })).toBe(true)
  // Docker 19.03 would remove the whole cache.
  expect(supportsCacheRemovalById({ product: 'Docker', api: '1.40' })).toBe(false)
  expect(supportsCacheRemovalById({ product: 'Podman', api: '1.41' })).toBe(false)
})
