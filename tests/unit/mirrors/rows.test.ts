import { beforeEach, expect, test, vi } from 'vitest'
import type { Mirror, MirrorProbe, MirrorRace, Mirrors } from '../../../preload/contract/index.ts'

const calls: unknown[][] = []
let tell: (mirrors: Mirrors) => void
let list: (typeof import('../../../renderer/mirrors/mirrors.svelte.ts'))['mirrors']

beforeEach(async () => {
  calls.length = 0
  vi.stubGlobal('slipway', {
    on: (_: string, listener: typeof tell) => void (tell = listener),
    call: async (...call: unknown[]) => {
      calls.push(call)
      return { ok: true, value: all({}) }
    },
  })
  vi.resetModules()
  list = (await import('../../../renderer/mirrors/mirrors.svelte.ts')).mirrors
  await list.load()
  return () => vi.unstubAllGlobals()
})

const own = ['a', 'b', 'c']
const addressOf = (name: string) => `https://${name}.example`
const mirrorOf = (name: string): Mirror => ({
  ...{ address: addressOf(name), host: `${name}.example`, own: own.includes(name) },
})
const works = (speed: number, at = 1): MirrorProbe => ({ state: 'answered', digest: 'x', firstByte: 1, speed, at })
const refuses: MirrorProbe = { state: 'failed', failure: { code: 'internal' }, at: 1 }

function all(probes: Record<string, MirrorProbe>, ended?: number): Mirrors {
  const found = Object.fromEntries(Object.entries(probes).map(([name, probe]) => [addressOf(name), probe]))
  const race: MirrorRace = { job: '1', image: 'x', started: 1, ended, probes: found, confirmed: [], unknown: [] }
  return {
    ...{ asOf: '', folded: [], image: 'x', tested: [...own, 'd'].map(mirrorOf) },
    ...(Object.keys(probes).length > 0 && { race }),
  }
}
const shown = () => list.rows.map(({ host }) => host[0]).join('')
const row = (name: string) => list.rows.find(({ host }) => host.startsWith(name))!

test('the row that the pointer is on stays where it is, also when a race ends, until it leaves', () => {
  tell(all({ a: { state: 'asking' } }))
  list.setHoveredRow(addressOf('c'))
  tell(all({ a: refuses, b: { state: 'asking' } }))
  expect(shown()).toBe('bdca')
  tell(all({ a: refuses, b: works(1), c: works(3), d: works(2) }, 2))
  expect(shown()).toBe('dbca')
  list.setHoveredRow()
  expect(shown()).toBe('cdba')
})

test('only those that were asked are counted, whatever was put on the list since', () => {
  tell(all({ a: works(1), b: refuses }, 2))
  expect([list.probed.length, list.endedCount, list.rows.length]).toEqual([2, 2, 4])
})

test('what a race that was given up has put together is as old as the oldest of it', () => {
  tell(all({ a: works(1, 50), b: works(2, 90) }, 100))
  expect(list.oldestResult).toBe(50)
})

test('one’s own change places where nothing that was found orders them, before a race and after it', () => {
  expect(list.neighbour(row('a'), -1)).toBeUndefined()
  expect(list.neighbour(row('c'), 1)).toBeUndefined()
  list.move(row('a'), 1)
  expect(calls.at(-1)).toEqual(['mirrors.swap', [addressOf('a'), addressOf('b')]])

  tell(all({ a: { state: 'asking' }, b: { state: 'asking' } }))
  expect(list.neighbour(row('a'), 1)).toBeUndefined()
  tell(all({ a: refuses, b: works(1), c: refuses, d: works(2) }, 2))
  expect(shown()).toBe('dbac')
  expect(['d', 'b', 'a', 'c'].map((name) => list.neighbour(row(name), 1)?.host)).toEqual([
    ...[undefined, undefined, 'c.example', undefined],
  ])
  list.move(row('c'), -1)
  expect(calls.at(-1)).toEqual(['mirrors.swap', [addressOf('c'), addressOf('a')]])
})
