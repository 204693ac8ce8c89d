import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KnownImage } from '../../../main/engine/api/image-list.ts'
import { liveState, withoutLabels } from '../../../main/engine/sync/live-state.ts'
import type { Image } from '../../../model/image/image.ts'
import type { ImagesChange } from '../../../preload/contract/index.ts'

const image = (id: string, references: string[] = [`${id}:1`], labels: string[] = []): KnownImage => ({
  id,
  references,
  digests: [],
  created: 1,
  size: 1,
  labels,
})

function watchLiveState() {
  const changes: ImagesChange[] = []
  return { changes, live: liveState((change) => changes.push(change)) }
}

test('the first list is published as one change, and an added tag as a change of one image', () => {
  const { changes, live } = watchLiveState()
  live.replace({ images: [image('a'), image('b')], containers: [] })
  live.apply({ images: new Map([['b', image('b', ['b:1', 'b:2'])]]), containers: new Map() })
  expect(changes.map(({ seq, images }) => [seq, images.map(({ id }) => id)])).toEqual([
    [1, ['a', 'b']],
    [2, ['b']],
  ])
})

test('the list of an engine without images is published too, as complete and empty', () => {
  const { changes, live } = watchLiveState()
  live.replace({ images: [], containers: [] })
  expect(changes).toHaveLength(1)
  expect(live.snapshot()).toMatchObject({ complete: true, images: [] })
})

test('an inspect that changes nothing is not published', () => {
  const { changes, live } = watchLiveState()
  live.replace({ images: [image('a')], containers: [] })
  live.apply({ images: new Map([['a', image('a')]]), containers: new Map() })
  expect(changes).toHaveLength(1)
})

test('a reset skips a sequence number, so that every window asks for a snapshot', () => {
  const { changes, live } = watchLiveState()
  live.replace({ images: [image('a')], containers: [] })
  live.reset()
  live.replace({ images: [image('b')], containers: [] })
  expect(changes.map(({ seq, complete, images }) => [seq, complete, images.map(({ id }) => id)])).toEqual([
    [1, true, ['a']],
    [3, false, []],
    [4, true, ['b']],
  ])
})

test('a reset before the first list skips no sequence number, so no window asks for a snapshot again', () => {
  const { changes, live } = watchLiveState()
  const before = live.snapshot()
  live.reset()
  live.replace({ images: [image('a')], containers: [] })
  expect(changes.map(({ seq }) => seq)).toEqual([before.seq + 1])
})

test('stored images are unconfirmed until an inspect or a list confirms them', () => {
  const { changes, live } = watchLiveState()
  const storedRow = withoutLabels(image('a'))
  live.reset([storedRow, { ...storedRow, id: 'b' }, { ...storedRow, id: 'c' }])
  expect(live.snapshot()).toMatchObject({ seq: changes.at(-1)!.seq, complete: false, unconfirmed: ['a', 'b', 'c'] })

  live.apply({
    images: new Map([
      ['a', image('a')],
      ['b', undefined],
      ['new', image('new')],
    ]),
    containers: new Map(),
  })
  expect(changes.at(-1)).toMatchObject({
    complete: false,
    images: [{ id: 'new' }],
    confirmed: ['a', 'new'],
    imagesGone: ['b'],
  })
  expect(live.snapshot().unconfirmed).toEqual(['c'])

  live.replace({ images: ['a', 'c', 'new'].map((id) => image(id, id === 'new' ? ['new:1'] : ['a:1'])), containers: [] })
  expect(changes.at(-1)).toMatchObject({ complete: true, images: [], confirmed: ['c'], imagesGone: [] })
  expect(live.snapshot().unconfirmed).toEqual([])
})

test('an inspect that is newer than the list takes precedence over it', () => {
  const { changes, live } = watchLiveState()
  live.replace(
    { images: [image('old'), image('gone')], containers: [] },
    {
      images: new Map([
        ['old', image('old', ['new:name'])],
        ['gone', undefined],
      ]),
      containers: new Map(),
    },
  )
  expect(changes).toHaveLength(1)
  expect(live.snapshot().images).toMatchObject([{ id: 'old', references: ['new:name'] }])
})

test('labels can be searched, and are never sent to the window', () => {
  const { changes, live } = watchLiveState()
  live.replace({
    images: [image('a', [], ['maintainer=team red', 'version=1']), image('b', [], ['version=2']), image('c')],
    containers: [],
  })
  expect(live.findByLabel(['Version=', 'red', 'blue', '=2'])).toEqual([['a', 'b'], ['a'], [], ['b']])
  expect(JSON.stringify([changes, live.snapshot()])).not.toContain('version')
  live.apply({ images: new Map([['b', image('b', [])]]), containers: new Map() })
  expect(live.findByLabel(['version'])).toEqual([['a']])
  expect(changes).toHaveLength(1)
})

test('applying the changes one by one always gives the snapshot', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd')
  const inspectReply = fc.option(
    fc.tuple(fc.array(fc.constantFrom('x:1', 'x:2', 'y:1')), fc.option(id, { nil: undefined })),
    {
      nil: undefined,
    },
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(id, inspectReply)), (steps) => {
      const { changes, live } = watchLiveState()
      live.replace({ images: [], containers: [] })
      for (const [id, reply] of steps) {
        const inspected = reply && { ...image(id, reply[0]), ...(reply[1] && { parent: reply[1] }) }
        live.apply({ images: new Map([[id, inspected]]), containers: new Map() })
      }
      const byId = new Map<string, Image>()
      for (const { images, imagesGone } of changes) {
        imagesGone.forEach((id) => byId.delete(id))
        images.forEach((present) => byId.set(present.id, present))
      }
      const compareIds = (a: Image, b: Image) => (a.id < b.id ? -1 : 1)
      expect([...byId.values()].sort(compareIds)).toEqual([...live.snapshot().images].sort(compareIds))
    }),
  )
})

test('an image that cannot be read keeps its last row, marked as unreadable, until it is read again', () => {
  const { changes, live } = watchLiveState()
  live.replace({ images: [image('a'), image('b')], containers: [] })
  const readErrors = new Map([
    ['b', 'blob not found'],
    ['new', 'blob not found'],
  ])
  live.apply({ images: new Map(), containers: new Map() }, readErrors)
  const markedImage = { ...withoutLabels(image('b')), unreadable: 'blob not found' }
  expect(live.images().get('b')).toEqual(markedImage)
  expect(live.images().get('new')).toMatchObject({ references: [], sizeUnknown: true, unreadable: 'blob not found' })
  expect(live.images().get('a')?.unreadable).toBeUndefined()

  live.replace({ images: [image('a'), image('b')], containers: [] }, undefined, readErrors)
  expect([...live.images().keys()]).toEqual(['a', 'b'])
  expect(live.images().get('b')).toEqual(markedImage)

  live.apply({ images: new Map([['b', image('b')]]), containers: new Map() })
  expect(live.images().get('b')).toEqual(withoutLabels(image('b')))
  expect(changes).toHaveLength(4)
})

test('if the list of containers is refused, the last containers stay, and the failure is published once', () => {
  const { changes, live } = watchLiveState()
  const web = { id: 'web', name: 'web', image: 'a', state: 'running', created: 1 } as const
  live.replace({ images: [image('a')], containers: [web] })
  live.applyContainers({ failure: 'no such snapshot' })
  live.applyContainers({ failure: 'no such snapshot' })
  expect(live.snapshot()).toMatchObject({ containers: [web], containersFailure: 'no such snapshot' })
  live.applyContainers({ containers: [] })
  expect(live.snapshot().containersFailure).toBeUndefined()
  expect(changes.map(({ containersFailure }) => containersFailure)).toEqual([undefined, 'no such snapshot', undefined])
})
