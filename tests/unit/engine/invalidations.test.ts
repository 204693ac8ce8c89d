import { expect, test } from 'vitest'
import { invalidationsOf } from '../../../main/engine/sync/invalidations.ts'

const event = (Type: string, Action: string, ID = 'it', Attributes = {}) => ({
  Type,
  Action,
  Actor: { ID, Attributes },
})

test('an event about an image invalidates it, by whatever name the engine gives', () => {
  expect(invalidationsOf(event('image', 'tag', 'sha256:1'))).toEqual([{ kind: 'image', name: 'sha256:1' }])
  expect(invalidationsOf(event('image', 'pull', 'nginx:1.27'))).toEqual([{ kind: 'image', name: 'nginx:1.27' }])
})

test('an id without its algorithm, as Podman writes it, is accepted', () => {
  const bare = 'a'.repeat(64)
  const expected = [{ kind: 'image', name: `sha256:${bare}` }]
  expect(invalidationsOf(event('image', 'delete', bare))).toEqual(expected)
  expect(invalidationsOf(event('container', 'commit', 'c', { imageID: bare }))).toEqual(expected)
})

test('an event about a tag names the tag, so that its previous image is inspected too', () => {
  expect(invalidationsOf(event('image', 'tag', 'sha256:1', { name: 'x:1' }))).toEqual([
    { kind: 'image', name: 'sha256:1', reference: 'x:1' },
  ])
  expect(invalidationsOf(event('image', 'untag', 'sha256:1', { name: 'sha256:1' }))).toEqual([
    { kind: 'image', name: 'sha256:1' },
  ])
})

test('a load names no tags, so everything is read again once loads have ended', () => {
  expect(invalidationsOf(event('image', 'load', 'sha256:2', { name: 'sha256:2' }))).toEqual([
    { kind: 'image', name: 'sha256:2' },
    { kind: 'everything-later' },
  ])
})

test('a commit invalidates the image that it made', () => {
  expect(invalidationsOf(event('container', 'commit', 'c', { imageID: 'sha256:2' }))).toEqual([
    { kind: 'image', name: 'sha256:2' },
  ])
})

test('health checks, execs and networks invalidate nothing', () => {
  for (const [type, action] of [
    ['container', 'exec_create: sh'],
    ['container', 'health_status: healthy'],
    ['container', 'top'],
    ['network', 'connect'],
    ['image', 'save'],
  ] as const)
    expect(invalidationsOf(event(type, action))).toEqual([])
})

test('a prune names nothing, so everything is read again', () => {
  expect(invalidationsOf(event('image', 'prune', ''))).toEqual([{ kind: 'everything' }])
})
