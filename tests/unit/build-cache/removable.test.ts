import { expect, test } from 'vitest'
import { removesCacheById } from '../../../main/engine/index.ts'

test('records are removed one by one only if the engine removes just the id that it is given', () => {
  expect(removesCacheById({ product: 'Docker', api: '1.41' })).toBe(true)
  expect(removesCacheById({ product: 'Docker', api: '1.51' })).toBe(true)
  // 19.03 would remove all of the cache.
  expect(removesCacheById({ product: 'Docker', api: '1.40' })).toBe(false)
  expect(removesCacheById({ product: 'Podman', api: '1.41' })).toBe(false)
})
