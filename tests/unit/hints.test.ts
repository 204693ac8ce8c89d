import { expect, test } from 'vitest'
import { Hints, hintsOf } from '../../main/engine/hints.ts'

const event = (Type: string, Action: string, ID = 'it', Attributes = {}) => ({
  Type,
  Action,
  Actor: { ID, Attributes },
})

test('what happens to an image makes it worth looking at, by whatever name the engine gives it', () => {
  expect(hintsOf(event('image', 'tag', 'sha256:1'))).toEqual([{ look: 'image', name: 'sha256:1' }])
  expect(hintsOf(event('image', 'pull', 'nginx:1.27'))).toEqual([{ look: 'image', name: 'nginx:1.27' }])
})

test('a tag that was given or taken away is named, so that whoever had it is looked at too', () => {
  expect(hintsOf(event('image', 'tag', 'sha256:1', { name: 'x:1' }))).toEqual([
    { look: 'image', name: 'sha256:1', reference: 'x:1' },
  ])
  expect(hintsOf(event('image', 'untag', 'sha256:1', { name: 'sha256:1' }))).toEqual([
    { look: 'image', name: 'sha256:1', untagged: true },
  ])
})

test('an image that was just loaded and loses a tag may have had it from any other: everything is read again', () => {
  const hints = new Hints()
  const hear = (...told: Parameters<typeof event>) => hintsOf(event(...told)).forEach((hint) => hints.add(hint))
  hear('image', 'untag', 'sha256:1', { name: 'sha256:1' })
  hear('image', 'load', 'sha256:2', { name: 'sha256:2' })
  expect(hints.everything).toBe(false)
  hear('image', 'untag', 'sha256:2', { name: 'sha256:2' })
  expect(hints.everything).toBe(true)
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
