import { expect, test } from 'vitest'
import { invalidationsOf } from '../../../main/engine/sync/invalidations.ts'

const event = (Type: string, Action: string, ID = 'id', Attributes = {}) => ({
  Type,
  Action,
  Actor: { ID, Attributes },
})

test('an image event invalidates the image by the ID or name that the engine gives', () => {
  expect(invalidationsOf(event('image', 'tag', 'sha256:1'))).toEqual([{ kind: 'image', name: 'sha256:1' }])
  expect(invalidationsOf(event('image', 'pull', 'nginx:1.27'))).toEqual([{ kind: 'image', name: 'nginx:1.27' }])
})

test('an id without its algorithm, as Podman writes it, is accepted', () => {
  const hash = 'a'.repeat(64)
  const expected = [{ kind: 'image', name: `sha256:${hash}` }]
  expect(invalidationsOf(event('image', 'delete', hash))).toEqual(expected)
  expect(invalidationsOf(event('container', 'commit', 'c', { imageID: hash }))).toEqual(expected)
})

test('a pull event of Podman names only the reference, and a load event only the archive', () => {
  const pulled = event('image', 'pull', '', { name: 'docker.io/library/nginx:1.27' })
  expect(invalidationsOf(pulled)).toEqual([{ kind: 'image', name: 'docker.io/library/nginx:1.27' }])
  expect(invalidationsOf(event('image', 'loadfromarchive', '', { name: '/tmp/api_load.tar1' }))).toEqual([
    { kind: 'everything-later' },
  ])
})

test('the invalidation of a tag event names the tag, so that the tag’s previous image is inspected too', () => {
  expect(invalidationsOf(event('image', 'tag', 'sha256:1', { name: 'x:1' }))).toEqual([
    { kind: 'image', name: 'sha256:1', reference: 'x:1' },
  ])
  expect(invalidationsOf(event('image', 'untag', 'sha256:1', { name: 'sha256:1' }))).toEqual([
    { kind: 'image', name: 'sha256:1' },
  ])
})

test('a load event names no tags, so everything is read again once the loads have ended', () => {
  expect(invalidationsOf(event('image', 'load', 'sha256:2', { name: 'sha256:2' }))).toEqual([
    { kind: 'image', name: 'sha256:2' },
    { kind: 'everything-later' },
  ])
})

test('a commit invalidates the new image', () => {
  expect(invalidationsOf(event('container', 'commit', 'c', { imageID: 'sha256:2' }))).toEqual([
    { kind: 'image', name: 'sha256:2' },
  ])
})

test('events of health checks, execs, networks and saved images invalidate nothing', () => {
  for (const [type, action] of [
    ['container', 'exec_create: sh'],
    ['container', 'health_status: healthy'],
    ['container', 'top'],
    ['network', 'connect'],
    ['image', 'save'],
  ] as const)
    expect(invalidationsOf(event(type, action))).toEqual([])
})

test('a prune event names no image, so everything is read again', () => {
  expect(invalidationsOf(event('image', 'prune', ''))).toEqual([{ kind: 'everything' }])
})
