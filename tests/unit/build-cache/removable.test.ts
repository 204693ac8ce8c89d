import { expect, test } from 'vitest'
import { supportsCacheRemovalById } from '../../../main/engine/index.ts'

test('removal by ID is supported only on engines that then remove no other record', () => {
  expect(supportsCacheRemovalById({ product: 'Docker', api: '1.41' })).toBe(true)
  expect(supportsCacheRemovalById({ product: 'Docker', api: '1.51' })).toBe(true)
  // Docker 19.03 would remove the whole cache.
  expect(supportsCacheRemovalById({ product: 'Docker', api: '1.40' })).toBe(false)
  expect(supportsCacheRemovalById({ product: 'Podman', api: '1.41' })).toBe(false)
})
