import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { anyEngine } from '../matrix.ts'
import { openCleaner, type Cleaner } from './cleaner.ts'

let engine: Engine
let cleaner: Cleaner
beforeAll(async () => {
  engine = await startEngine(anyEngine)
  await loadImages(engine.docker, manyImages(1))
  cleaner = await openCleaner(engine)
})
afterAll(async () => {
  await cleaner?.stop()
  await engine?.stop()
  if (cleaner) rmSync(cleaner.folder, { recursive: true })
})

test('copies that belong to no removal are found and deleted; those that do, and other files, stay', async () => {
  const id = [...cleaner.engine.live.images().keys()][0]!
  await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
  const folder = join(cleaner.folder, 'Slipway')
  const [own] = readdirSync(folder)
  // The removal of this one is in a journal that only a newer version can read.
  const newer = 'aaaaaaaa-0000-4000-8000-000000000000'
  mkdirSync(join(cleaner.folder, 'journal'), { recursive: true })
  writeFileSync(join(cleaner.folder, 'journal', `${newer}.jsonl`), '{"kind":"begin","version":2}\n')
  const stray = 'old_1-0123456789ab-bbbbbbbb.tar'
  const others = ['old_1-0123456789ab-aaaaaaaa.tar', 'holiday.tar', own!]
  for (const name of [stray, ...others.slice(0, 2)]) writeFileSync(join(folder, name), 'x'.repeat(7))

  expect(await cleaner.strays()).toEqual([{ file: join(folder, stray), bytes: 7 }])
  // A name that was not found is not deleted, whoever asks for it.
  await cleaner.deleteStrays([...others, stray].map((name) => join(folder, name)))
  expect(readdirSync(folder).toSorted()).toEqual(others.toSorted())
  expect(await cleaner.strays()).toEqual([])
})
