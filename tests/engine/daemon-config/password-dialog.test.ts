import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHelper } from '../../../main/daemon-config/helper.ts'
import { worldFolder } from '../../../tools/world/paths.ts'
import { installHelperInWorld, replacePkexec } from '../../../tools/world/polkit.ts'

const asked = join(worldFolder(), 'asked')
/** A pipe: each dialog stays open until it is read. */
const answers = join(worldFolder(), 'answers')
let restore: () => void

beforeAll(() => {
  writeFileSync(asked, '')
  execFileSync('mkfifo', [answers])
  const uninstall = installHelperInWorld()
  const restorePkexec = replacePkexec(`echo asked >>'${asked}'; read answer <'${answers}'; exit 126`)
  restore = () => {
    restorePkexec()
    uninstall()
  }
})
afterAll(() => restore())

const dismiss = () => writeFileSync(answers, 'no\n')
const dialogs = () => readFileSync(asked, 'utf8').length / 'asked\n'.length

test('while one password dialog is open, no other opens', async () => {
  const first = openHelper()
  const others = await Promise.all(Array.from({ length: 50 }, () => openHelper()))
  expect(new Set(others.map((other) => !other.ok && other.error.code))).toEqual(new Set(['helper-busy']))
  await expect.poll(dialogs).toBe(1)
  dismiss()
  expect(await first).toEqual({ ok: false, error: { code: 'helper-dismissed' } })

  const second = openHelper()
  await expect.poll(dialogs).toBe(2)
  dismiss()
  expect(await second).toEqual({ ok: false, error: { code: 'helper-dismissed' } })
})
