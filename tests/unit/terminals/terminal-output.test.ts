import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TerminalOutput } from '../../../renderer/terminals/terminal-output.ts'

const bytes = (from: number, to: number) => Uint8Array.from({ length: to - from }, (_, at) => (from + at) % 256)
const piece = (from: number, to: number) => ({ at: from, bytes: bytes(from, to) })
const joined = (parts: readonly Uint8Array[]) => parts.flatMap((part) => [...part])

test('pieces are drawn as they come', () => {
  const arrivals = new TerminalOutput()
  expect(arrivals.startFromReplay(piece(0, 3))).toEqual([bytes(0, 3)])
  expect(arrivals.receive(piece(3, 5))).toEqual([bytes(3, 5)])
  expect(arrivals.receive(piece(5, 6))).toEqual([bytes(5, 6)])
})

test('output that was sent before the replay is part of it, and is not drawn twice', () => {
  const arrivals = new TerminalOutput()
  expect(arrivals.receive(piece(2, 4))).toEqual([])
  expect(arrivals.receive(piece(4, 6))).toEqual([])
  expect(joined(arrivals.startFromReplay(piece(1, 4)))).toEqual([...bytes(1, 6)])
  expect(arrivals.receive(piece(4, 6))).toEqual([])
  expect(arrivals.receive(piece(6, 7))).toEqual([bytes(6, 7)])
})

test('whenever the window asks for what was kept, each byte from there on is drawn once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      (lengths, asks, waits, keeps) => {
        const ends = lengths.map((_, at) => lengths.slice(0, at + 1).reduce((sum, length) => sum + length))
        const pieces = ends.map((end, at) => piece(end - lengths[at]!, end))
        // The replay is made when so many pieces have been sent, and arrives some pieces later.
        const made = asks % (pieces.length + 1)
        const arrives = Math.min(pieces.length, made + (waits % 4))
        const end = made === 0 ? 0 : ends[made - 1]!
        const first = Math.max(0, end - (keeps % 20))
        const arrivals = new TerminalOutput()
        const drawn: Uint8Array[] = []
        for (const one of pieces.slice(0, arrives)) drawn.push(...arrivals.receive(one))
        drawn.push(...arrivals.startFromReplay(piece(first, end)))
        for (const one of pieces.slice(arrives)) drawn.push(...arrivals.receive(one))
        expect(joined(drawn)).toEqual([...bytes(first, ends.at(-1)!)])
      },
    ),
  )
})
