import { expect, test } from 'vitest'
import { agreedApi, compareVersions } from '../../../main/engine/api/versions.ts'
import { capabilities } from '../../../main/engine/connect/capabilities.ts'

test('versions are compared number by number, not as text', () => {
  expect(compareVersions('1.9', '1.40')).toBeLessThan(0)
  expect(compareVersions('1.51', '1.51')).toBe(0)
})

test('the newest API version that Slipway and the engine support is used, and an engine before 1.40 is too old', () => {
  expect(agreedApi('1.41')).toBe('1.41')
  expect(agreedApi('1.60')).toBe('1.51')
  expect(agreedApi('1.39')).toBeUndefined()
})

test('the store is recognized by the driver type', () => {
  const engineFacts = {
    version: '28.5.2',
    api: '1.51',
    product: 'Docker',
    platform: 'linux/amd64',
    rootDir: '/var/lib/docker',
  } as const
  expect(capabilities({ ...engineFacts, driverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] }).store).toBe(
    'containerd',
  )
  expect(capabilities({ ...engineFacts, driverStatus: [['Backing Filesystem', 'extfs']] }).store).toBe('classic')
})
