/**
 * The app is killed at random moments of removals with copies and of their undoing: each image, or its copy as it was
 * saved, is there; undo is offered; and no copy is left without an owner. SLIPWAY_KILLS says how often, 5 by default.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { matrix } from '../matrix.ts'
import { openCleaner, present, type Cleaner } from './cleaner.ts'
import { chance } from './forest.ts'

const kills = Number(process.env['SLIPWAY_KILLS'] ?? 5)
const images = 6

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  const folder = mkdtempSync(join(tmpdir(), 'crash-'))
  const random = chance(23)

  beforeAll(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, manyImages(images))
  })
  afterAll(async () => {
    await engine?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Starts the deed in a process of its own. Resolves with whether it ended before it was killed. */
  async function killed(deed: 'remove' | 'undo', afterMs: number): Promise<boolean> {
    const program = join(import.meta.dirname, 'remover.ts')
    const child = spawn(process.execPath, [program, engine.socket, folder, deed], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (data) => (said += data))
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    while (!said.includes('begun') && child.exitCode === null) await delay(5)
    await Promise.race([delay(afterMs), exited])
    child.kill('SIGKILL')
    await exited
    return said.includes('ended')
  }

  const copies = () => {
    const place = join(folder, 'Slipway')
    return existsSync(place) ? readdirSync(place).map((name) => join(place, name)) : []
  }

  /** Each image is there with its names, or can be brought back from its copy as it was saved. */
  async function nothingIsLost(cleaner: Cleaner, before: Awaited<ReturnType<typeof present>>) {
    const now = await present(engine)
    const saved = cleaner.jobs.undoables().flatMap(({ deleted }) => deleted)
    for (const id of [...before.ids].filter((each) => !now.ids.has(each))) {
      const copy = saved.find(({ image }) => image === id)
      expect(createHash('sha256').update(readFileSync(copy!.file!)).digest('hex')).toBe(copy!.sha256)
    }
    expect(copies().toSorted()).toEqual(saved.flatMap(({ file }) => file ?? []).toSorted())
  }

  test(`killed ${kills} times, nothing is lost and all can be undone`, async () => {
    const before = await present(engine)
    expect(before.ids.size).toBe(images)
    let cut = 0
    for (let time = 0; time < kills; time++) {
      if (!(await killed('remove', random(1500)))) cut++
      const first = await openCleaner(engine, folder)
      await first.settled()
      await nothingIsLost(first, before)
      await first.stop()
      if (!(await killed('undo', random(800)))) cut++
      const second = await openCleaner(engine, folder)
      await second.settled()
      await nothingIsLost(second, before)
      for (const { job } of second.jobs.undoables()) expect(await second.undo(job)).toMatchObject({ state: 'done' })
      expect(await present(engine)).toEqual(before)
      expect(copies()).toEqual([])
      await second.stop()
    }
    // Most of them in the middle, or the test shows nothing.
    expect(cut).toBeGreaterThan(kills / 2)
  }, 600_000)
})
