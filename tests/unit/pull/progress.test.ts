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

const stateAfter = (lines: readonly PullLine[]) => lines.reduce(applyLine, initialPullState)
const progressLine = (id: string, status: string, current?: number, total?: number): PullLine => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, ...(total !== undefined && { total }) },
})

test('the progress of a pull into the classic store is read from the lines of Docker 20.10', () => {
  const startLines = [
    { status: 'Pulling from t/img', id: '1' },
    progressLine('aa', 'Already exists'),
    progressLine('bb', 'Pulling fs layer'),
    progressLine('cc', 'Pulling fs layer'),
    progressLine('cc', 'Waiting'),
    progressLine('bb', 'Downloading', 400, 1000),
  ]
  expect(stateAfter(startLines)).toEqual({
    layers: [
      { id: 'aa', state: 'exists', bytes: 0 },
      { id: 'bb', state: 'downloading', bytes: 400, total: 1000 },
      { id: 'cc', state: 'waiting', bytes: 0 },
    ],
  })
  expect(sumLayers(stateAfter(startLines).layers)).toEqual({ downloaded: 400, extracted: 0, total: 1000, unknown: 1 })

  const extractionLines = [
    ...startLines,
    progressLine('bb', 'Verifying Checksum'),
    progressLine('bb', 'Download complete'),
    progressLine('bb', 'Extracting', 300, 1000),
  ]
  expect(sumLayers(stateAfter(extractionLines).layers)).toEqual({
    downloaded: 1000,
    extracted: 300,
    total: 1000,
    unknown: 1,
  })

  const allLines = [
    ...extractionLines,
    // This layer is too small for the engine to report its download.
    progressLine('cc', 'Download complete'),
    progressLine('bb', 'Pull complete'),
    progressLine('cc', 'Extracting', 91, 91),
    progressLine('cc', 'Pull complete'),
    { status: 'Digest: sha256:cff9' },
    { status: 'Status: Downloaded newer image for 127.0.0.1:5000/t/img:1' },
  ]
  expect(stateAfter(allLines)).toMatchObject({ digest: 'sha256:cff9', isNew: true })
  expect(sumLayers(stateAfter(allLines).layers)).toEqual({ downloaded: 1091, extracted: 1091, total: 1091, unknown: 0 })
})

test('with the containerd store, unpacking is reported in seconds (28.5) or not at all (26.1), and ends as done', () => {
  const startLines = [
    progressLine('bb', 'Pulling fs layer'),
    progressLine('bb', 'Downloading', 1000, 1000),
    { id: 'bb', status: 'Download complete', progressDetail: {} },
  ]
  expect(stateAfter(startLines).layers).toEqual([{ id: 'bb', state: 'downloaded', bytes: 1000, total: 1000 }])
  const unpackingLines = [...startLines, { id: 'bb', status: 'Extracting', progressDetail: { current: 3, units: 's' } }]
  expect(stateAfter(unpackingLines).layers).toEqual([{ id: 'bb', state: 'extracting', bytes: 0, total: 1000 }])
  const last = { status: 'Status: Downloaded newer image for x:1' }
  for (const lines of [startLines, unpackingLines])
    expect(stateAfter([...lines, last]).layers).toEqual([{ id: 'bb', state: 'done', bytes: 1000, total: 1000 }])
})

test('an image that is up to date is reported as such', () => {
  const lines = [{ status: 'Digest: sha256:1' }, { status: 'Status: Image is up to date for x:1' }]
  expect(stateAfter(lines)).toEqual({ layers: [], digest: 'sha256:1', isNew: false })
})

test('the progress of a layer that is downloaded again does not go backwards', () => {
  const retryLines = [
    progressLine('bb', 'Downloading', 700, 1000),
    progressLine('bb', 'Retrying in 5 seconds'),
    progressLine('bb', 'Downloading', 10, 1000),
  ]
  expect(stateAfter(retryLines).layers).toEqual([{ id: 'bb', state: 'downloading', bytes: 700, total: 1000 }])
})

/** A progress line of one of three layers. Several such lines may contradict each other. */
const anyLine = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  status: fc.constantFrom(
    ...['Pulling fs layer', 'Waiting', 'Downloading', 'Verifying Checksum', 'Download complete', 'Extracting'],
    ...['Pull complete', 'Already exists', 'Retrying in 3 seconds', 'Something new'],
  ),
  progressDetail: fc.option(
    fc.record({ current: fc.nat(2000), total: fc.constantFrom(-1, 0, 1000) }, { requiredKeys: [] }),
  ),
})

test('whatever the engine reports, progress never exceeds the total, never goes backwards, and ends complete', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 60 }), (lines) => {
      let state = initialPullState
      let [downloaded, extracted] = [0, 0]
      for (const line of lines) {
        const existingCount = state.layers.filter((layer) => layer.state === 'exists').length
        state = applyLine(state, line)
        const overall = sumLayers(state.layers)
        for (const { bytes, total } of state.layers) expect(bytes).toBeLessThanOrEqual(total ?? Infinity)
        expect(overall.downloaded).toBeLessThanOrEqual(overall.unknown === 0 ? overall.total : Infinity)
        expect(overall.extracted).toBeLessThanOrEqual(overall.downloaded)
        // A layer that turns out to exist already is no longer counted.
        const isUnchanged = state.layers.filter((layer) => layer.state === 'exists').length === existingCount
        expect(overall.downloaded).toBeGreaterThanOrEqual(isUnchanged ? downloaded : 0)
        expect(overall.extracted).toBeGreaterThanOrEqual(isUnchanged ? extracted : 0)
        ;[downloaded, extracted] = [overall.downloaded, overall.extracted]
      }
      const end = applyLine(state, { status: 'Status: Downloaded newer image for x:1' })
      expect(end.layers.every((layer) => layer.state === 'done' || layer.state === 'exists')).toBe(true)
      const overall = sumLayers(end.layers)
      expect([overall.extracted, overall.unknown]).toEqual([overall.downloaded, 0])
    }),
  )
})

const steadySamples = (seconds: number, speed: number): readonly Sample[] =>
  Array.from({ length: seconds * 2 + 1 }, (_, index) => ({ at: index / 2, bytes: (index / 2) * speed })).reduce(
    (samples, sample) => addSample(samples, sample),
    [] as readonly Sample[],
  )
const sums = { downloaded: 20_000, extracted: 0, total: 30_000, unknown: 0 }

test('the speed is that of the last five seconds, and is unknown in the first second', () => {
  expect(recentSpeed(steadySamples(20, 1000), 20)).toBe(1000)
  expect(steadySamples(20, 1000).length).toBeLessThan(14)
  expect(
    recentSpeed(
      [
        { at: 0, bytes: 0 },
        { at: 0.5, bytes: 900 },
      ],
      0.5,
    ),
  ).toBeUndefined()
  // After the last data, the speed falls to zero.
  expect(recentSpeed(steadySamples(20, 1000), 22.5)).toBeLessThan(700)
  expect(recentSpeed(steadySamples(20, 1000), 40)).toBe(0)
})

test('the remaining time is undefined if a size is unknown, everything is downloaded, or the download stalls', () => {
  expect(remainingSeconds(sums, steadySamples(20, 1000), 20)).toBe(10)
  expect(remainingSeconds({ ...sums, unknown: 1 }, steadySamples(20, 1000), 20)).toBeUndefined()
  expect(remainingSeconds({ ...sums, downloaded: 30_000 }, steadySamples(20, 1000), 20)).toBeUndefined()
  const stalled = [...steadySamples(20, 1000), { at: 23, bytes: 20_000 }]
  expect(remainingSeconds(sums, stalled, 23)).toBeUndefined()
})
