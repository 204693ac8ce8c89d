import { expect, test } from 'vitest'
import { planMirrors, type DaemonEnvironment } from '../../../model/daemon-config/plan.ts'
import { isRestoredWhole, needsCommands, planWholeRestore, restorePlan } from '../../../model/daemon-config/restore.ts'
import { isBlocked, shownMirrorPlan } from '../../../model/daemon-config/shown.ts'

const environment: DaemonEnvironment = { installation: 'system', cliFlags: [], running: [] }
const mirrors = ['https://a.example']
const planOf = (...[text, requested, facts]: Parameters<typeof planMirrors>) =>
  shownMirrorPlan(planMirrors(text, requested, facts), false)

test.each([
  ['a missing file', undefined],
  ['an empty file', ''],
  ['settings', '{ "icc": false }'],
  ['a setting that Docker does not know', '{ "iccc": false }'],
  ['a byte order mark', '\ufeff{ "icc": false }'],
  ['a key twice', '{ "registry-mirrors": [], "registry-mirrors": [] }'],
  ['a key in capitals', '{ "Registry-Mirrors": [] }'],
  ['mirrors that are no list', '{ "registry-mirrors": 1 }'],
])('%s is not replaced as a whole', (_, text) => expect(isRestoredWhole(text)).toBe(false))

test.each([
  ['a comma too many', '{ "icc": false, }'],
  ['a web page', '<!DOCTYPE html>'],
  ['a comment', '{ "icc": false // closed\n}'],
  ['bytes that are not UTF-8', '{ "labels": ["\ufffd"] }'],
  ['a list', '[]'],
  ['an object that does not end', '{ "icc": false'],
])('%s may be replaced as a whole', (_, text) => expect(isRestoredWhole(text)).toBe(true))

test('a restore names the settings that it loses and brings back', () => {
  const text = '{ "data-root": "/data", "registry-mirrors": [], "icc": false, }'
  expect(planWholeRestore(text, ['registry-mirrors', 'debug', 'my-own'])).toEqual({
    loses: ['data-root', 'icc'],
    gains: ['debug'],
    movesData: true,
  })
  expect(planWholeRestore('{ "icc": false, }', ['data-root', 'icc'])).toMatchObject({ loses: [], movesData: true })
  expect(planWholeRestore('{ "icc": false, "registry-mirrors": [] }', undefined)).toEqual({
    loses: ['icc'],
    gains: [],
    movesData: false,
  })
})

test('a restore compares nothing with a text that is hidden', () => {
  expect(planWholeRestore(undefined, ['data-root'])).toEqual({ loses: [], gains: [], movesData: false })
})

test('the mirrors of a file with settings are restored only while an engine can confirm them', () => {
  const plan = planOf('{ "icc": false }', mirrors, environment)
  expect(restorePlan(plan, { isWhole: false, isConnected: true })).toEqual(plan)
  const offline = restorePlan(plan, { isWhole: false, isConnected: false })
  expect(isBlocked(offline)).toBe(true)
  expect(needsCommands(offline, { isWhole: false, hasHelper: true })).toBe(true)
  const sameMirrors = restorePlan(planOf('{}', [], environment), { isWhole: false, isConnected: false })
  expect(sameMirrors).toMatchObject({ obstacles: [{ kind: 'not-connected', blocks: true }] })
})

test('a fault of the file does not block the restore of the whole file, but the kind of engine does', () => {
  const plan = planOf('{,', mirrors, environment)
  expect(isBlocked(plan)).toBe(true)
  const restore = restorePlan(plan, { isWhole: true, isConnected: false })
  expect(restore).toEqual({ rows: [], obstacles: [] })
  expect(needsCommands(restore, { isWhole: true, hasHelper: true })).toBe(false)
  expect(needsCommands(restore, { isWhole: true, hasHelper: false })).toBe(true)

  const elsewhere = planOf('{,', mirrors, { ...environment, installation: 'podman' })
  const blocked = restorePlan(elsewhere, { isWhole: true, isConnected: true })
  expect(blocked.obstacles).toEqual([{ kind: 'podman', blocks: true }])
  expect(needsCommands(blocked, { isWhole: true, hasHelper: true })).toBe(false)
})

test('a file that cannot be edited, but has settings to keep, is restored with commands', () => {
  const plan = planOf('{ "registry-mirrors": 1 }', mirrors, environment)
  const restore = restorePlan(plan, { isWhole: false, isConnected: true })
  expect(restore.obstacles).toMatchObject([{ kind: 'file', fault: { code: 'wrong-type' } }])
  expect(needsCommands(restore, { isWhole: false, hasHelper: true })).toBe(true)
})
