import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Output, maxUnacknowledgedBytes } from '../../../main/terminals/output.ts'
import type { TerminalReplay } from '../../../preload/contract/index.ts'

/** Draws as a window does: what it has drawn already it leaves away, and nothing may be missing. */
class Screen {
  bytes: Buffer[] = []
  end = 0
  begin({ at, bytes }: TerminalReplay) {
    this.bytes = [Buffer.from(bytes)]
    this.end = at + bytes.length
  }
  draw({ at, bytes }: TerminalReplay) {
    if (at < this.end) return
    if (at > this.end) throw new Error(`bytes from ${this.end} to ${at} are missing`)
    this.bytes.push(Buffer.from(bytes))
    this.end += bytes.length
  }
  get text() {
    return Buffer.concat(this.bytes)
  }
}

function opened() {
  const screen = new Screen()
  const sent: TerminalReplay[] = []
  let held = false
  const output = new Output({
    send: (data) => sent.push(data),
    setPaused: (paused) => (held = paused),
  })
  return { screen, sent, output, held: () => held }
}

test('the echo of a key is sent at once, and output right after it is sent together', () => {
  vi.useFakeTimers()
  const { output, sent } = opened()
  output.receive(Buffer.from('a'))
  expect(sent.map(({ bytes }) => String.fromCharCode(...bytes))).toEqual(['a'])
  output.receive(Buffer.from('b'))
  output.receive(Buffer.from('c'))
  expect(sent).toHaveLength(1)
  vi.advanceTimersByTime(10)
  expect(sent.map(({ at, bytes }) => [at, String.fromCharCode(...bytes)])).toEqual([[0, 'a'], [1, 'bc']]) // prettier-ignore
  vi.useRealTimers()
})

test('a window that does not acknowledge gets no more than the bound, and the stream is paused until it does', () => {
  vi.useFakeTimers()
  const { output, sent, screen, held } = opened()
  const all = Buffer.alloc(maxUnacknowledgedBytes + 50_000, 'line of text\n')
  for (let at = 0; at < all.length; at += 50_000) output.receive(all.subarray(at, at + 50_000))
  vi.advanceTimersByTime(1000)
  expect(held()).toBe(true)
  sent.splice(0).forEach((data) => screen.draw(data))
  expect(screen.end).toBe(maxUnacknowledgedBytes)
  output.acknowledge(100)
  vi.advanceTimersByTime(1000)
  expect(held()).toBe(true)
  output.acknowledge(maxUnacknowledgedBytes)
  vi.advanceTimersByTime(1000)
  sent.splice(0).forEach((data) => screen.draw(data))
  expect(held()).toBe(false)
  expect(screen.text.equals(all)).toBe(true)
  vi.useRealTimers()
})

test('whenever the window acknowledges or reloads, it draws each byte once', () => {
  const step = fc.oneof(
    fc.record({ receive: fc.integer({ min: 1, max: 90_000 }) }),
    fc.record({ wait: fc.integer({ min: 0, max: 10 }) }),
    fc.record({ take: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.constant({ reload: true }),
  )
  vi.useFakeTimers()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { output, sent, screen, held } = opened()
      let [said, took] = [Buffer.alloc(0), 0]
      for (const one of steps) {
        if ('receive' in one && !held()) {
          const bytes = Buffer.from(Array.from({ length: one.receive }, (_, at) => (said.length + at) % 251))
          said = Buffer.concat([said, bytes])
          output.receive(bytes)
        }
        if ('wait' in one) vi.advanceTimersByTime(one.wait)
        if ('reload' in one) {
          sent.splice(0)
          screen.begin(output.replay())
          took = screen.end
        }
        sent.splice(0).forEach((data) => screen.draw(data))
        expect(screen.end - took).toBeLessThanOrEqual(maxUnacknowledgedBytes)
        if ('take' in one) output.acknowledge((took = Math.floor(took + (screen.end - took) * one.take)))
      }
      while (screen.end < said.length) {
        output.acknowledge(screen.end)
        vi.advanceTimersByTime(10)
        sent.splice(0).forEach((data) => screen.draw(data))
      }
      expect(held()).toBe(false)
      expect(said.subarray(said.length - screen.text.length).equals(screen.text)).toBe(true)
    }),
  )
  vi.useRealTimers()
}, 60_000)

test('a replay that cannot start at the beginning starts at a line', () => {
  const { output } = opened()
  for (let line = 0; line < 40_000; line++) {
    output.receive(Buffer.from(`line ${line}\r\n`))
    output.acknowledge(Infinity)
  }
  const { at, bytes } = output.replay()
  expect(Buffer.from(bytes).toString()).toMatch(/^line \d+\r\n/)
  expect(at + bytes.length).toBe(Array.from({ length: 40_000 }, (_, n) => `line ${n}\r\n`).join('').length)
})
