/**
 * Kills the app at random times, during removals with copies and during undos. After each kill, every image or an
 * intact copy of it exists, and there are no strays. At the end of each round, every remaining removal can be undone.
 * SLIPWAY_KILLS sets the number of rounds (default 5).
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
import { openRemovalApp, listImages, type RemovalApp } from './removal-app.ts'
import { seededRandom } from './image-forest.ts'

const rounds = Number(process.env['SLIPWAY_KILLS'] ?? 5)
const imageCount = 6

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  const folder = mkdtempSync(join(tmpdir(), 'crash-'))
  const random = seededRandom(23)

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, manyImages(imageCount))
  })
  afterAll(async () => {
    await engine?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the action in a new process and kills that process. @returns whether the action had finished before */
  async function runAndKill(action: 'remove' | 'undo', afterMs: number): Promise<boolean> {
    const script = join(import.meta.dirname, 'removal-process.ts')
    const child = spawn(process.execPath, [script, engine.socket, folder, action], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    while (!output.includes('started') && child.exitCode === null) await delay(5)
    await Promise.race([delay(afterMs), exited])
    child.kill('SIGKILL')
    await exited
    return output.includes('finished')
  }

  const copyFiles = () => {
    const copyFolder = join(folder, 'Slipway')
    return existsSync(copyFolder) ? readdirSync(copyFolder).map((name) => join(copyFolder, name)) : []
  }

  /**
   * Expects that every image exists or has an intact copy, and that every copy belongs to a removal that can be undone.
   */
  async function expectNothingLost(app: RemovalApp, before: Awaited<ReturnType<typeof listImages>>) {
    const now = await listImages(engine)
    const undoable = app.jobs.undoables().flatMap(({ deleted }) => deleted)
    for (const id of [...before.ids].filter((imageId) => !now.ids.has(imageId))) {
      const copy = undoable.find(({ image }) => image === id)
      expect(createHash('sha256').update(readFileSync(copy!.file!)).digest('hex')).toBe(copy!.sha256)
    }
    expect(copyFiles().toSorted()).toEqual(undoable.flatMap(({ file }) => file ?? []).toSorted())
  }

  test(`if the app is killed during a removal and during an undo, no image is lost and all can be restored, ${rounds} times`, async () => {
    const before = await listImages(engine)
    expect(before.ids.size).toBe(imageCount)
    let interrupted = 0
    for (let round = 0; round < rounds; round++) {
      if (!(await runAndKill('remove', random(1500)))) interrupted++
      const first = await openRemovalApp(engine, folder)
      await first.whenReconciled()
      await expectNothingLost(first, before)
      await first.stop()
      if (!(await runAndKill('undo', random(800)))) interrupted++
      const second = await openRemovalApp(engine, folder)
      await second.whenReconciled()
      await expectNothingLost(second, before)
      for (const { job } of second.jobs.undoables()) expect(await second.undo(job)).toMatchObject({ state: 'done' })
      expect(await listImages(engine)).toEqual(before)
      expect(copyFiles()).toEqual([])
      await second.stop()
    }
    // The test proves something only if most kills interrupt the action.
    expect(interrupted).toBeGreaterThan(rounds / 2)
  }, 600_000)
})
