import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TerminalOutput } from '../../../renderer/terminals/terminal-output.ts'

const bytes = (from: number, to: number) => Uint8Array.from({ length: to - from }, (_, index) => (from + index) % 256)
const chunk = (from: number, to: number) => ({ at: from, bytes: bytes(from, to) })
const joinBytes = (arrays: readonly Uint8Array[]) => arrays.flatMap((array) => [...array])

test('chunks are drawn as they arrive', () => {
  const terminalOutput = new TerminalOutput()
  expect(terminalOutput.startFromReplay(chunk(0, 3))).toEqual([bytes(0, 3)])
  expect(terminalOutput.receive(chunk(3, 5))).toEqual([bytes(3, 5)])
  expect(terminalOutput.receive(chunk(5, 6))).toEqual([bytes(5, 6)])
})

test('output that was sent before the replay is part of it, and is not drawn twice', () => {
  const terminalOutput = new TerminalOutput()
  expect(terminalOutput.receive(chunk(2, 4))).toEqual([])
  expect(terminalOutput.receive(chunk(4, 6))).toEqual([])
  expect(joinBytes(terminalOutput.startFromReplay(chunk(1, 4)))).toEqual([...bytes(1, 6)])
  expect(terminalOutput.receive(chunk(4, 6))).toEqual([])
  expect(terminalOutput.receive(chunk(6, 7))).toEqual([bytes(6, 7)])
})

test('whenever the window requests a replay, each byte from the start of the replay is drawn once and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      (lengths, createdSeed, delaySeed, lengthSeed) => {
        const ends = lengths.map((_, index) => lengths.slice(0, index + 1).reduce((sum, length) => sum + length))
        const chunks = ends.map((end, index) => chunk(end - lengths[index]!, end))
        // The replay is created after some chunks have been sent, and arrives up to three chunks later.
        const createdAfter = createdSeed % (chunks.length + 1)
        const arrivesAfter = Math.min(chunks.length, createdAfter + (delaySeed % 4))
        const end = createdAfter === 0 ? 0 : ends[createdAfter - 1]!
        const start = Math.max(0, end - (lengthSeed % 20))
        const terminalOutput = new TerminalOutput()
        const drawn: Uint8Array[] = []
        for (const item of chunks.slice(0, arrivesAfter)) drawn.push(...terminalOutput.receive(item))
        drawn.push(...terminalOutput.startFromReplay(chunk(start, end)))
        for (const item of chunks.slice(arrivesAfter)) drawn.push(...terminalOutput.receive(item))
        expect(joinBytes(drawn)).toEqual([...bytes(start, ends.at(-1)!)])
      },
    ),
  )
})
