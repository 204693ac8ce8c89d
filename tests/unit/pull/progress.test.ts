import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  applyLine,
  remainingSeconds,
  initialPullState,
  addSample,
  recentSpeed,
  sumLayers,
  type PullLine,
  type Sample,
} from '../../../model/pull/progress.ts'

const after = (lines: readonly PullLine[]) => lines.reduce(applyLine, initialPullState)
const at = (id: string, status: string, current?: number, total?: number): PullLine => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, ...(total !== undefined && { total }) },
})

test('a pull into the classic store, as 20.10 reports it', () => {
  const begun = [
    { status: 'Pulling from t/img', id: '1' },
    at('aa', 'Already exists'),
    at('bb', 'Pulling fs layer'),
    at('cc', 'Pulling fs layer'),
    at('cc', 'Waiting'),
    at('bb', 'Downloading', 400, 1000),
  ]
  expect(after(begun)).toEqual({
    layers: [
      { id: 'aa', state: 'exists', bytes: 0 },
      { id: 'bb', state: 'downloading', bytes: 400, total: 1000 },
      { id: 'cc', state: 'waiting', bytes: 0 },
    ],
  })
  expect(sumLayers(after(begun).layers)).toEqual({ downloaded: 400, extracted: 0, total: 1000, unknown: 1 })

  const half = [
    ...begun,
    at('bb', 'Verifying Checksum'),
    at('bb', 'Download complete'),
    at('bb', 'Extracting', 300, 1000),
  ]
  expect(sumLayers(after(half).layers)).toEqual({ downloaded: 1000, extracted: 300, total: 1000, unknown: 1 })

  const ended = [
    ...half,
    // Too small for the engine to report its download.
    at('cc', 'Download complete'),
    at('bb', 'Pull complete'),
    at('cc', 'Extracting', 91, 91),
    at('cc', 'Pull complete'),
    { status: 'Digest: sha256:cff9' },
    { status: 'Status: Downloaded newer image for 127.0.0.1:5000/t/img:1' },
  ]
  expect(after(ended)).toMatchObject({ digest: 'sha256:cff9', isNew: true })
  expect(sumLayers(after(ended).layers)).toEqual({ downloaded: 1091, extracted: 1091, total: 1091, unknown: 0 })
})

test('the containerd store unpacks in seconds (28.5) or in silence (26.1)', () => {
  const begun = [
    at('bb', 'Pulling fs layer'),
    at('bb', 'Downloading', 1000, 1000),
    { id: 'bb', status: 'Download complete', progressDetail: {} },
  ]
  expect(after(begun).layers).toEqual([{ id: 'bb', state: 'downloaded', bytes: 1000, total: 1000 }])
  const unpacks = [...begun, { id: 'bb', status: 'Extracting', progressDetail: { current: 3, units: 's' } }]
  expect(after(unpacks).layers).toEqual([{ id: 'bb', state: 'extracting', bytes: 0, total: 1000 }])
  const last = { status: 'Status: Downloaded newer image for x:1' }
  for (const told of [begun, unpacks])
    expect(after([...told, last]).layers).toEqual([{ id: 'bb', state: 'done', bytes: 1000, total: 1000 }])
})

test('an image that is up to date is reported as such', () => {
  const lines = [{ status: 'Digest: sha256:1' }, { status: 'Status: Image is up to date for x:1' }]
  expect(after(lines)).toEqual({ layers: [], digest: 'sha256:1', isNew: false })
})

test('the progress of a layer that is downloaded again does not go backwards', () => {
  const retried = [
    at('bb', 'Downloading', 700, 1000),
    at('bb', 'Retrying in 5 seconds'),
    at('bb', 'Downloading', 10, 1000),
  ]
  expect(after(retried).layers).toEqual([{ id: 'bb', state: 'downloading', bytes: 700, total: 1000 }])
})

/** Lines in any order, sane or not, of three layers. */
const line = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  status: fc.constantFrom(
    ...['Pulling fs layer', 'Waiting', 'Downloading', 'Verifying Checksum', 'Download complete', 'Extracting'],
    ...['Pull complete', 'Already exists', 'Retrying in 3 seconds', 'Something new'],
  ),
  progressDetail: fc.option(
    fc.record({ current: fc.nat(2000), total: fc.constantFrom(-1, 0, 1000) }, { requiredKeys: [] }),
  ),
})

test('whatever the engine reports, progress never exceeds the total, never goes backwards, and ends as done', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
      let state = initialPullState
      let [downloaded, extracted] = [0, 0]
      for (const next of lines) {
        const here = state.layers.filter((layer) => layer.state === 'exists').length
        state = applyLine(state, next)
        const whole = sumLayers(state.layers)
        for (const { bytes, total } of state.layers) expect(bytes).toBeLessThanOrEqual(total ?? Infinity)
        expect(whole.downloaded).toBeLessThanOrEqual(whole.unknown === 0 ? whole.total : Infinity)
        expect(whole.extracted).toBeLessThanOrEqual(whole.downloaded)
        // What turns out to be here already is no longer counted.
        const same = state.layers.filter((layer) => layer.state === 'exists').length === here
        expect(whole.downloaded).toBeGreaterThanOrEqual(same ? downloaded : 0)
        expect(whole.extracted).toBeGreaterThanOrEqual(same ? extracted : 0)
        ;[downloaded, extracted] = [whole.downloaded, whole.extracted]
      }
      const end = applyLine(state, { status: 'Status: Downloaded newer image for x:1' })
      expect(end.layers.every((layer) => layer.state === 'done' || layer.state === 'exists')).toBe(true)
      const whole = sumLayers(end.layers)
      expect([whole.extracted, whole.unknown]).toEqual([whole.downloaded, 0])
    }),
  )
})

const steady = (seconds: number, speed: number): readonly Sample[] =>
  Array.from({ length: seconds * 2 + 1 }, (_, i) => ({ at: i / 2, bytes: (i / 2) * speed })).reduce(
    (samples, next) => addSample(samples, next),
    [] as readonly Sample[],
  )
const whole = { downloaded: 20_000, extracted: 0, total: 30_000, unknown: 0 }

test('speed covers the last five seconds, and is unknown in the first second', () => {
  expect(recentSpeed(steady(20, 1000), 20)).toBe(1000)
  expect(steady(20, 1000).length).toBeLessThan(14)
  expect(
    recentSpeed(
      [
        { at: 0, bytes: 0 },
        { at: 0.5, bytes: 900 },
      ],
      0.5,
    ),
  ).toBeUndefined()
  // Nothing comes any more: it sinks to nothing.
  expect(recentSpeed(steady(20, 1000), 22.5)).toBeLessThan(700)
  expect(recentSpeed(steady(20, 1000), 40)).toBe(0)
})

test('the time left is shown only if it can be known', () => {
  expect(remainingSeconds(whole, steady(20, 1000), 20)).toBe(10)
  expect(remainingSeconds({ ...whole, unknown: 1 }, steady(20, 1000), 20)).toBeUndefined()
  expect(remainingSeconds({ ...whole, downloaded: 30_000 }, steady(20, 1000), 20)).toBeUndefined()
  const stalled = [...steady(20, 1000), { at: 23, bytes: 20_000 }]
  expect(remainingSeconds(whole, stalled, 23)).toBeUndefined()
})
