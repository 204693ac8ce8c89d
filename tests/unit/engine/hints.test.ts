import { expect, test } from 'vitest'
import { hintsOf } from '../../../main/engine/sync/hints.ts'

const event = (Type: string, Action: string, ID = 'it', Attributes = {}) => ({
  Type,
  Action,
  Actor: { ID, Attributes },
})

test('an event about an image invalidates it, by whatever name the engine gives', () => {
  expect(hintsOf(event('image', 'tag', 'sha256:1'))).toEqual([{ look: 'image', name: 'sha256:1' }])
  expect(hintsOf(event('image', 'pull', 'nginx:1.27'))).toEqual([{ look: 'image', name: 'nginx:1.27' }])
})

test('an id without its algorithm, as Podman writes it, is accepted', () => {
  const bare = 'a'.repeat(64)
  const look = [{ look: 'image', name: `sha256:${bare}` }]
  expect(hintsOf(event('image', 'delete', bare))).toEqual(look)
  expect(hintsOf(event('container', 'commit', 'c', { imageID: bare }))).toEqual(look)
})

test('an event about a tag names the tag, so that its previous image is inspected too', () => {
  expect(hintsOf(event('image', 'tag', 'sha256:1', { name: 'x:1' }))).toEqual([
    { look: 'image', name: 'sha256:1', reference: 'x:1' },
  ])
  expect(hintsOf(event('image', 'untag', 'sha256:1', { name: 'sha256:1' }))).toEqual([
    { look: 'image', name: 'sha256:1' },
  ])
})

test('a load names no tags, so everything is read again once loads have ended', () => {
  expect(hintsOf(event('image', 'load', 'sha256:2', { name: 'sha256:2' }))).toEqual([
    { look: 'image', name: 'sha256:2' },
    { look: 'everything-later' },
  ])
})

test('a commit invalidates the image that it made', () => {
  expect(hintsOf(event('container', 'commit', 'c', { imageID: 'sha256:2' }))).toEqual([
    { look: 'image', name: 'sha256:2' },
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
    expect(hintsOf(event(type, action))).toEqual([])
})

test('a prune names nothing, so everything is read again', () => {
  expect(hintsOf(event('image', 'prune', ''))).toEqual([{ look: 'everything' }])
})
