import { beforeEach, expect, test, vi } from 'vitest'
import type { Mirror, MirrorProbe, MirrorRace, Mirrors } from '../../../preload/contract/index.ts'

const calls: unknown[][] = []
let publish: (mirrors: Mirrors) => void
let mirrorList: (typeof import('../../../renderer/mirrors/mirrors.svelte.ts'))['mirrors']

beforeEach(async () => {
  calls.length = 0
  vi.stubGlobal('slipway', {
    on: (_: string, listener: typeof publish) => void (publish = listener),
    call: async (...call: unknown[]) => {
      calls.push(call)
      return { ok: true, value: mirrorsWith({}) }
    },
  })
  vi.resetModules()
  mirrorList = (await import('../../../renderer/mirrors/mirrors.svelte.ts')).mirrors
  await mirrorList.load()
  return () => vi.unstubAllGlobals()
})

const userNames = ['a', 'b', 'c']
const addressOf = (name: string) => `https://${name}.example`
const mirrorOf = (name: string): Mirror => ({
  ...{ address: addressOf(name), host: `${name}.example`, own: userNames.includes(name) },
})
const workingProbe = (speed: number, at = 1): MirrorProbe => ({
  state: 'answered',
  digest: 'x',
  firstByte: 1,
  speed,
  at,
})
const failingProbe: MirrorProbe = { state: 'failed', failure: { code: 'internal' }, at: 1 }

function mirrorsWith(probes: Record<string, MirrorProbe>, ended?: number): Mirrors {
  const byAddress = Object.fromEntries(Object.entries(probes).map(([name, probe]) => [addressOf(name), probe]))
  const race: MirrorRace = { job: '1', image: 'x', started: 1, ended, probes: byAddress, confirmed: [], unknown: [] }
  return {
    ...{ asOf: '', untested: [], image: 'x', failing: [], tested: [...userNames, 'd'].map(mirrorOf) },
    ...(Object.keys(probes).length > 0 && { race }),
  }
}
const rowOrder = () => mirrorList.rows.map(({ host }) => host[0]).join('')
const row = (name: string) => mirrorList.rows.find(({ host }) => host.startsWith(name))!

test('the row under the pointer stays in its place until the pointer leaves, also when a race ends', () => {
  publish(mirrorsWith({ a: { state: 'asking' } }))
  mirrorList.setHoveredRow(addressOf('c'))
  publish(mirrorsWith({ a: failingProbe, b: { state: 'asking' } }))
  expect(rowOrder()).toBe('bdca')
  publish(mirrorsWith({ a: failingProbe, b: workingProbe(1), c: workingProbe(3), d: workingProbe(2) }, 2))
  expect(rowOrder()).toBe('dbca')
  mirrorList.setHoveredRow()
  expect(rowOrder()).toBe('cdba')
})

test('only the mirrors of the race are counted, whatever was added to the list since', () => {
  publish(mirrorsWith({ a: workingProbe(1), b: failingProbe }, 2))
  expect([mirrorList.participants.length, mirrorList.endedCount, mirrorList.rows.length]).toEqual([2, 2, 4])
})

test('combined results of several races are as old as the oldest result', () => {
  publish(mirrorsWith({ a: workingProbe(1, 50), b: workingProbe(2, 90) }, 100))
  expect(mirrorList.oldestResult).toBe(50)
})

test('the user can move their mirrors that have no usable result, except during a race', () => {
  expect(mirrorList.neighbour(row('a'), -1)).toBeUndefined()
  expect(mirrorList.neighbour(row('c'), 1)).toBeUndefined()
  mirrorList.move(row('a'), 1)
  expect(calls.at(-1)).toEqual(['mirrors.swap', [addressOf('a'), addressOf('b')]])

  publish(mirrorsWith({ a: { state: 'asking' }, b: { state: 'asking' } }))
  expect(mirrorList.neighbour(row('a'), 1)).toBeUndefined()
  publish(mirrorsWith({ a: failingProbe, b: workingProbe(1), c: failingProbe, d: workingProbe(2) }, 2))
  expect(rowOrder()).toBe('dbac')
  expect(['d', 'b', 'a', 'c'].map((name) => mirrorList.neighbour(row(name), 1)?.host)).toEqual([
    ...[undefined, undefined, 'c.example', undefined],
  ])
  mirrorList.move(row('c'), -1)
  expect(calls.at(-1)).toEqual(['mirrors.swap', [addressOf('c'), addressOf('a')]])
})
