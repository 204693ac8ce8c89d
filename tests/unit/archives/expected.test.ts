import { expect, test } from 'vitest'
import { expectedArchive, isUsable } from '../../../main/archives/expected.ts'
import { image, inspected, isInspect, fakeEngine } from './fake-engine.ts'

const signal = new AbortController().signal
const manifest = (id: string, Kind: string, Available: boolean) => ({ ID: id, Kind, Available })
const containerdInspect = (available: boolean) => ({
  ...inspected,
  Manifests: [
    manifest('sha256:a', 'image', available),
    manifest('sha256:b', 'image', false),
    manifest('sha256:c', 'attestation', true),
  ],
})

/** A fake engine that answers an inspect with `inspect`, or 404 if undefined, and lists `ids`. */
const startEngine = (inspect: object | undefined, ids: readonly string[] = []) =>
  fakeEngine((request, response) => {
    if (!isInspect(request)) return void response.end(JSON.stringify(ids.map((Id) => ({ Id }))))
    response.statusCode = inspect ? 200 : 404
    response.end(JSON.stringify(inspect ?? { message: 'No such image' }))
  })

test('an image that does not exist has no expected archive, and is not usable', async () => {
  const { session } = await startEngine(undefined)
  expect(await expectedArchive(session, image, ['one:1'], signal)).toBeUndefined()
  expect(await isUsable(session, image, ['one:1'])).toBe(false)
})

test('the classic store names no manifests, and the containerd store those of the available platforms', async () => {
  const expected = { image, references: ['one:1'], platform: 'linux/amd64' }
  const classic = await startEngine(inspected)
  expect(await expectedArchive(classic.session, image, ['one:1'], signal)).toEqual(expected)
  const { session } = await startEngine(containerdInspect(true))
  expect(await expectedArchive(session, image, ['one:1'], signal)).toEqual({ ...expected, manifests: ['sha256:a'] })
})

test('an image with manifests is usable if one platform is available, and the list of images is not requested', async () => {
  const [complete, incomplete] = [
    await startEngine(containerdInspect(true)),
    await startEngine(containerdInspect(false), [image]),
  ]
  expect(await isUsable(complete.session, image, ['one:1'])).toBe(true)
  expect(await isUsable(incomplete.session, image, ['one:1'])).toBe(false)
  expect([...complete.requests, ...incomplete.requests]).toHaveLength(2)
})

test('an image without manifests is usable if the engine lists it, by its tag or as dangling', async () => {
  const [listed, unlisted] = [await startEngine(inspected, [image]), await startEngine(inspected, [])]
  expect(await isUsable(listed.session, image, ['one:1'])).toBe(true)
  expect(await isUsable(listed.session, image, [])).toBe(true)
  expect(await isUsable(unlisted.session, image, ['one:1'])).toBe(false)
  const filters = listed.requests.flatMap(
    (line) => new URL(line.split(' ')[1]!, 'http://x').searchParams.get('filters') ?? [],
  )
  expect(filters.map((filter) => JSON.parse(filter) as unknown)).toEqual([
    { reference: ['one:1'] },
    { dangling: ['true'] },
  ])
})
