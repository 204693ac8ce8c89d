import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Output, maxUnacknowledgedBytes } from '../../../main/terminals/output.ts'
import type { OutputChunk } from '../../../preload/contract/index.ts'

/** Draws output as a window does: skips bytes that are already drawn, and throws if bytes are missing. */
class Screen {
  bytes: Buffer[] = []
  end = 0
  begin({ at, bytes }: OutputChunk) {
    this.bytes = [Buffer.from(bytes)]
    this.end = at + bytes.length
  }
  draw({ at, bytes }: OutputChunk) {
    if (at < this.end) return
    if (at > this.end) throw new Error(`bytes from ${this.end} to ${at} are missing`)
    this.bytes.push(Buffer.from(bytes))
    this.end += bytes.length
  }
  get text() {
    return Buffer.concat(this.bytes)
  }
}

function openOutput() {
  const screen = new Screen()
  const sent: OutputChunk[] = []
  let isPaused = false
  const output = new Output({
    send: (data) => sent.push(data),
    setPaused: (paused) => (isPaused = paused),
  })
  return { screen, sent, output, isPaused: () => isPaused }
}

test('the echo of a key is sent at once, and output right after it is sent together', () => {
  vi.useFakeTimers()
  const { output, sent } = openOutput()
  output.receive(Buffer.from('a'))
  expect(sent.map(({ bytes }) => String.fromCharCode(...bytes))).toEqual(['a'])
  output.receive(Buffer.from('b'))
  output.receive(Buffer.from('c'))
  expect(sent).toHaveLength(1)
  vi.advanceTimersByTime(10)
  expect(sent.map(({ at, bytes }) => [at, String.fromCharCode(...bytes)])).toEqual([[0, 'a'], [1, 'bc']]) // prettier-ignore
  vi.useRealTimers()
})

test('output stops at the limit of unacknowledged bytes, and continues once the window has acknowledged enough', () => {
  vi.useFakeTimers()
  const { output, sent, screen, isPaused } = openOutput()
  const lines = Buffer.alloc(maxUnacknowledgedBytes + 50_000, 'line of text\n')
  for (let at = 0; at < lines.length; at += 50_000) output.receive(lines.subarray(at, at + 50_000))
  vi.advanceTimersByTime(1000)
  expect(isPaused()).toBe(true)
  sent.splice(0).forEach((data) => screen.draw(data))
  expect(screen.end).toBe(maxUnacknowledgedBytes)
  output.acknowledge(100)
  vi.advanceTimersByTime(1000)
  expect(isPaused()).toBe(true)
  output.acknowledge(maxUnacknowledgedBytes)
  vi.advanceTimersByTime(1000)
  sent.splice(0).forEach((data) => screen.draw(data))
  expect(isPaused()).toBe(false)
  expect(screen.text.equals(lines)).toBe(true)
  vi.useRealTimers()
})

test('whenever the window acknowledges or reloads, it draws each byte once', () => {
  const step = fc.oneof(
    fc.record({ receive: fc.integer({ min: 1, max: 90_000 }) }),
    fc.record({ wait: fc.integer({ min: 0, max: 10 }) }),
    fc.record({ acknowledge: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.constant({ reload: true }),
  )
  vi.useFakeTimers()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { output, sent, screen, isPaused } = openOutput()
      let [received, acknowledged] = [Buffer.alloc(0), 0]
      for (const current of steps) {
        if ('receive' in current && !isPaused()) {
          const bytes = Buffer.from(
            Array.from({ length: current.receive }, (_, index) => (received.length + index) % 251),
          )
          received = Buffer.concat([received, bytes])
          output.receive(bytes)
        }
        if ('wait' in current) vi.advanceTimersByTime(current.wait)
        if ('reload' in current) {
          sent.splice(0)
          screen.begin(output.replay())
          acknowledged = screen.end
        }
        sent.splice(0).forEach((data) => screen.draw(data))
        expect(screen.end - acknowledged).toBeLessThanOrEqual(maxUnacknowledgedBytes)
        if ('acknowledge' in current)
          output.acknowledge(
            (acknowledged = Math.floor(acknowledged + (screen.end - acknowledged) * current.acknowledge)),
          )
      }
      while (screen.end < received.length) {
        output.acknowledge(screen.end)
        vi.advanceTimersByTime(10)
        sent.splice(0).forEach((data) => screen.draw(data))
      }
      expect(isPaused()).toBe(false)
      expect(received.subarray(received.length - screen.text.length).equals(screen.text)).toBe(true)
    }),
  )
  vi.useRealTimers()
}, 60_000)

test('a replay without the first bytes starts at the beginning of a line', () => {
  const { output } = openOutput()
  for (let line = 0; line < 40_000; line++) {
    output.receive(Buffer.from(`line ${line}\r\n`))
    output.acknowledge(Infinity)
  }
  const { at, bytes } = output.replay()
  expect(Buffer.from(bytes).toString()).toMatch(/^line \d+\r\n/)
  expect(at + bytes.length).toBe(Array.from({ length: 40_000 }, (_, line) => `line ${line}\r\n`).join('').length)
})
