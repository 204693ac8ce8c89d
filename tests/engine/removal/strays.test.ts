import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { anyEngine } from '../matrix.ts'
import { openRemovalApp, type RemovalApp } from './removal-app.ts'

let engine: Engine
let app: RemovalApp
beforeAll(async () => {
  engine = await startEngine(anyEngine)
  await loadImages(engine.docker, manyImages(1))
  app = await openRemovalApp(engine)
})
afterAll(async () => {
  await app?.stop()
  await engine?.stop()
  if (app) rmSync(app.folder, { recursive: true })
})

test('copies that belong to no removal are found and deleted, and all other files stay', async () => {
  const id = [...app.engine.live.images().keys()][0]!
  await app.executePlan(await app.plan([{ image: id }]), [id])
  const folder = join(app.folder, 'Slipway')
  const [undoableCopy] = readdirSync(folder)
  // A journal of a newer version of Slipway, which this one cannot read. The file name of a copy ends with the first
  // part of its job's id.
  const newerJob = 'aaaaaaaa-0000-4000-8000-000000000000'
  mkdirSync(join(app.folder, 'journal'), { recursive: true })
  writeFileSync(join(app.folder, 'journal', `${newerJob}.jsonl`), '{"kind":"begin","version":2}\n')
  const copyOfNewerJob = 'old_1-0123456789ab-aaaaaaaa.tar'
  const stray = 'old_1-0123456789ab-bbbbbbbb.tar'
  for (const name of [stray, copyOfNewerJob, 'holiday.tar']) writeFileSync(join(folder, name), 'x'.repeat(7))
  const others = [copyOfNewerJob, 'holiday.tar', undoableCopy!]

  expect(await app.strays()).toEqual([{ file: join(folder, stray), bytes: 7 }])
  // Only strays are deleted, even if the request names other files.
  await app.deleteStrays([...others, stray].map((name) => join(folder, name)))
  expect(readdirSync(folder).toSorted()).toEqual(others.toSorted())
  expect(await app.strays()).toEqual([])
})
