import { expect, test } from 'vitest'
import { expectedArchive, isUsable } from '../../../main/archives/expected.ts'
import { imageId, inspectReply, isInspectRequest, fakeEngine } from './fake-engine.ts'

const signal = new AbortController().signal
const manifest = (id: string, Kind: string, Available: boolean) => ({ ID: id, Kind, Available })
const containerdInspect = (available: boolean) => ({
  ...inspectReply,
  Manifests: [
    manifest('sha256:a', 'image', available),
    manifest('sha256:b', 'image', false),
    manifest('sha256:c', 'attestation', true),
  ],
})

/** A fake engine that answers an inspect with `reply`, or 404 if it is undefined, and lists the images `ids`. */
const startEngine = (reply: object | undefined, ids: readonly string[] = []) =>
  fakeEngine((request, response) => {
    if (!isInspectRequest(request)) return void response.end(JSON.stringify(ids.map((Id) => ({ Id }))))
    response.statusCode = reply ? 200 : 404
    response.end(JSON.stringify(reply ?? { message: 'No such image' }))
  })

test('an image that does not exist has no expected archive, and is not usable', async () => {
  const { session } = await startEngine(undefined)
  expect(await expectedArchive(session, imageId, ['one:1'], signal)).toBeUndefined()
  expect(await isUsable(session, imageId, ['one:1'])).toBe(false)
})

test('with the classic store no manifests are expected, with the containerd store those of the available platforms', async () => {
  const expected = { image: imageId, references: ['one:1'], platform: 'linux/amd64' }
  const classic = await startEngine(inspectReply)
  expect(await expectedArchive(classic.session, imageId, ['one:1'], signal)).toEqual(expected)
  const { session } = await startEngine(containerdInspect(true))
  expect(await expectedArchive(session, imageId, ['one:1'], signal)).toEqual({ ...expected, manifests: ['sha256:a'] })
})

test('an image with manifests is usable if one platform is available, and the image list is not requested', async () => {
  const [complete, incomplete] = [
    await startEngine(containerdInspect(true)),
    await startEngine(containerdInspect(false), [imageId]),
  ]
  expect(await isUsable(complete.session, imageId, ['one:1'])).toBe(true)
  expect(await isUsable(incomplete.session, imageId, ['one:1'])).toBe(false)
  expect([...complete.requests, ...incomplete.requests]).toHaveLength(2)
})

test('an image without manifests is usable if the engine lists it, by its tag or as dangling', async () => {
  const [listed, unlisted] = [await startEngine(inspectReply, [imageId]), await startEngine(inspectReply, [])]
  expect(await isUsable(listed.session, imageId, ['one:1'])).toBe(true)
  expect(await isUsable(listed.session, imageId, [])).toBe(true)
  expect(await isUsable(unlisted.session, imageId, ['one:1'])).toBe(false)
  const filters = listed.requests.flatMap(
    (line) => new URL(line.split(' ')[1]!, 'http://x').searchParams.get('filters') ?? [],
  )
  expect(filters.map((filter) => JSON.parse(filter) as unknown)).toEqual([
    { reference: ['one:1'] },
    { dangling: ['true'] },
  ])
})
