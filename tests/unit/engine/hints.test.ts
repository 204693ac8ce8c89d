import { expect, test } from 'vitest'
import { hintsOf } from '../../../main/engine/sync/hints.ts'

const event = (Type: string, Action: string, ID = 'it', Attributes = {}) => ({
  Type,
  Action,
  Actor: { ID, Attributes },
})

test('what happens to an image makes it worth looking at, by whatever name the engine gives it', () => {
  expect(hintsOf(event('image', 'tag', 'sha256:1'))).toEqual([{ look: 'image', name: 'sha256:1' }])
  expect(hintsOf(event('image', 'pull', 'nginx:1.27'))).toEqual([{ look: 'image', name: 'nginx:1.27' }])
})

test('an id without its algorithm, as Podman writes it, is an id all the same', () => {
  const bare = 'a'.repeat(64)
  const look = [{ look: 'image', name: `sha256:${bare}` }]
  expect(hintsOf(event('image', 'delete', bare))).toEqual(look)
  expect(hintsOf(event('container', 'commit', 'c', { imageID: bare }))).toEqual(look)
})

test('a tag that was given or taken away is named, so that whoever had it is looked at too', () => {
  expect(hintsOf(event('image', 'tag', 'sha256:1', { name: 'x:1' }))).toEqual([
    { look: 'image', name: 'sha256:1', reference: 'x:1' },
  ])
  expect(hintsOf(event('image', 'untag', 'sha256:1', { name: 'sha256:1' }))).toEqual([
    { look: 'image', name: 'sha256:1' },
  ])
})

test('a load names no tags, so once loads have rested everything is read again', () => {
  expect(hintsOf(event('image', 'load', 'sha256:2', { name: 'sha256:2' }))).toEqual([
    { look: 'image', name: 'sha256:2' },
    { look: 'everything-later' },
  ])
})

test('a commit tells of the image that it made', () => {
  expect(hintsOf(event('container', 'commit', 'c', { imageID: 'sha256:2' }))).toEqual([
    { look: 'image', name: 'sha256:2' },
  ])
})

test('health checks, shells and networks change nothing that is shown', () => {
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
