import { expect, test } from 'vitest'
import { expectedArchive, isUsable } from '../../../main/archives/expected.ts'
import { image, inspected, isInspect, played } from './fake-engine.ts'

const signal = new AbortController().signal
const part = (id: string, Kind: string, Available: boolean) => ({ ID: id, Kind, Available })
const ofContainerd = (available: boolean) => ({
  ...inspected,
  Manifests: [
    part('sha256:a', 'image', available),
    part('sha256:b', 'image', false),
    part('sha256:c', 'attestation', true),
  ],
})

/** An engine that inspects the image so, and lists these ids. */
const engine = (inspect: object | undefined, ids: readonly string[] = []) =>
  played((request, response) => {
    if (!isInspect(request)) return void response.end(JSON.stringify(ids.map((Id) => ({ Id }))))
    response.statusCode = inspect ? 200 : 404
    response.end(JSON.stringify(inspect ?? { message: 'No such image' }))
  })

test('nothing is expected of an image that is gone', async () => {
  const { session } = await engine(undefined)
  expect(await expectedArchive(session, image, ['one:1'], signal)).toBeUndefined()
  expect(await isUsable(session, image, ['one:1'])).toBe(false)
})

test('the classic store names no manifests, the containerd store those of images that are available', async () => {
  const expected = { image, references: ['one:1'], platform: 'linux/amd64' }
  const classic = await engine(inspected)
  expect(await expectedArchive(classic.session, image, ['one:1'], signal)).toEqual(expected)
  const { session } = await engine(ofContainerd(true))
  expect(await expectedArchive(session, image, ['one:1'], signal)).toEqual({ ...expected, manifests: ['sha256:a'] })
})

test('an image with manifests is usable if one platform is available; the list is not asked for', async () => {
  const [whole, broken] = [await engine(ofContainerd(true)), await engine(ofContainerd(false), [image])]
  expect(await isUsable(whole.session, image, ['one:1'])).toBe(true)
  expect(await isUsable(broken.session, image, ['one:1'])).toBe(false)
  expect([...whole.asked, ...broken.asked]).toHaveLength(2)
})

test('an image without manifests is usable if the engine lists it, by its tag or as dangling', async () => {
  const [listed, left] = [await engine(inspected, [image]), await engine(inspected, [])]
  expect(await isUsable(listed.session, image, ['one:1'])).toBe(true)
  expect(await isUsable(listed.session, image, [])).toBe(true)
  expect(await isUsable(left.session, image, ['one:1'])).toBe(false)
  const filters = listed.asked.flatMap(
    (line) => new URL(line.split(' ')[1]!, 'http://x').searchParams.get('filters') ?? [],
  )
  expect(filters.map((filter) => JSON.parse(filter) as unknown)).toEqual([
    { reference: ['one:1'] },
    { dangling: ['true'] },
  ])
})
