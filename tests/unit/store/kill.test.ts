import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { expect, test } from 'vitest'

const kills = process.env['CI'] ? 50 : 10
const content = v.object({ version: v.literal(1), n: v.number(), text: v.string() })

/** Numbers from 0 to 1, the same for the same seed. Source: mulberry32. */
function seededRandom(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test(
  'a process that is killed at any moment of a write leaves a complete file, and loses no completed write',
  { timeout: 300_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-kill-'))
    const file = join(folder, 'loop.json')
    const random = seededRandom(20_261_129)
    let last = 0
    try {
      for (let kill = 0; kill < kills; kill++) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'write-loop.ts'), file, String(last + 1)])
        const lines = createInterface({ input: child.stdout })
        const closed = once(child, 'close')
        let written = 0
        lines.on('line', (line) => (written = Number(line)))
        await Promise.race([once(lines, 'line'), closed])
        await delay(random() * 40)
        child.kill('SIGKILL')
        await closed
        const { n, text } = v.parse(content, JSON.parse(readFileSync(file, 'utf8')))
        expect(written).toBeGreaterThan(last)
        // The next number may already be on the disk without being printed.
        expect([written, written + 1]).toContain(n)
        expect(text).toBe(`${n} `.repeat(1 + ((n * 7919) % 200_000)))
        last = n
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
