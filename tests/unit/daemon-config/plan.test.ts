import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineDiff } from '../../../model/daemon-config/line-diff.ts'
import { planMirrors, type MirrorPlan, type DaemonEnvironment } from '../../../model/daemon-config/plan.ts'
import { isBlocked } from '../../../model/daemon-config/shown.ts'
import { mirrorA, mirrorB } from './file-arbitraries.ts'

const environment: DaemonEnvironment = { installation: 'system', cliFlags: [], running: ['web'] }
const mirrorC = 'http://10.0.0.1:5000'

/** The rows of the plan as text. */
const rowTexts = (plan: MirrorPlan) =>
  plan.rows.map(({ kind, ...row }) => [kind, ...Object.values(row).map(String)].join(' '))
const diffTexts = ({ change }: MirrorPlan) =>
  change?.diff.map(({ kind, text }) => `${{ same: ' ', removed: '-', added: '+' }[kind]}${text}`)

test('the first change creates the file, asks for a password, and reloads Docker', () => {
  const plan = planMirrors(undefined, [mirrorA, mirrorB], { ...environment, inForce: [] })
  expect(rowTexts(plan)).toEqual([`asks ${mirrorA} new`, `asks ${mirrorB} new`, 'file made', 'password', 'reload'])
  expect(plan.obstacles).toEqual([])
  expect(diffTexts(plan)).toEqual([
    '+{',
    '+  "registry-mirrors": [',
    `+    "${mirrorA}",`,
    `+    "${mirrorB}"`,
    '+  ]',
    '+}',
  ])
})

test('a changed order, a removed mirror and an added mirror are each listed', () => {
  const file = `{\n  "registry-mirrors": ["${mirrorA}/", "${mirrorB}/", "https://old.example"],\n  "debug": true\n}\n`
  const plan = planMirrors(file, [mirrorB, mirrorA, mirrorC], environment)
  expect(rowTexts(plan)).toEqual([
    `asks ${mirrorB}/ moved`,
    `asks ${mirrorA}/ moved`,
    `asks ${mirrorC} new`,
    'drops https://old.example',
    'file edited',
    'password',
    'reload',
  ])
  expect(plan.obstacles).toEqual([{ kind: 'plain', blocks: false, mirror: mirrorC }])
  expect(diffTexts(plan)).toEqual([
    ' {',
    `-  "registry-mirrors": ["${mirrorA}/", "${mirrorB}/", "https://old.example"],`,
    '+  "registry-mirrors": [',
    ...[`+    "${mirrorB}/",`, `+    "${mirrorA}/",`, `+    "${mirrorC}"`],
    '+  ],',
    '   "debug": true',
    ' }',
  ])
})

test('removing all mirrors empties the list and keeps the key', () => {
  const plan = planMirrors(`{"registry-mirrors":["${mirrorA}"]}`, [], environment)
  expect(rowTexts(plan)).toEqual([`drops ${mirrorA}`, 'clears', 'file edited', 'password', 'reload'])
  expect(plan.change?.after).toBe('{"registry-mirrors":[]}')
  const withoutKey = planMirrors('{"debug":true}', [], { ...environment, inForce: [`${mirrorA}/`] })
  expect(rowTexts(withoutKey)).toEqual(['clears', 'file edited', 'password', 'reload'])
  expect(withoutKey.change).toMatchObject({ after: '{"debug":true, "registry-mirrors": []}' })
})

test('a file that already has the mirrors is not changed, and an engine that lacks them is reloaded', () => {
  const file = `{"registry-mirrors":["${mirrorA}/"]}`
  for (const inForce of [undefined, [`${mirrorA}/`]]) {
    const plan = planMirrors(file, [mirrorA], { ...environment, ...(inForce && { inForce }) })
    expect([rowTexts(plan), plan.change]).toEqual([[`asks ${mirrorA}/ kept`], undefined])
  }
  expect(planMirrors(undefined, [], { ...environment, inForce: [] })).toEqual({
    rows: [{ kind: 'clears' }],
    obstacles: [],
  })
  const reloadOnly = planMirrors(file, [mirrorA], { ...environment, inForce: [] })
  expect(rowTexts(reloadOnly)).toEqual([`asks ${mirrorA}/ kept`, 'password', 'reload'])
  expect(reloadOnly.change).toMatchObject({ before: file, after: file })
})

test('a rootless engine needs no password; the snap restarts, and its plan names the containers that stop', () => {
  expect(rowTexts(planMirrors('', [mirrorA], { ...environment, installation: 'rootless' }))).toEqual([
    `asks ${mirrorA} new`,
    'file filled',
    'reload',
  ])
  const snap = planMirrors('{}', [mirrorA], { ...environment, installation: 'snap' })
  expect(rowTexts(snap)).toEqual([`asks ${mirrorA} new`, 'file edited', 'password', 'restart'])
  expect(snap.obstacles).toEqual([{ kind: 'restart', blocks: false, stops: ['web'] }])
  expect(isBlocked(snap)).toBe(false)
})

test('a dockerd flag, Docker Desktop, Podman and an engine elsewhere block a plan that can still be shown', () => {
  const withFlag = planMirrors('{}', [mirrorA], { ...environment, cliFlags: [mirrorB] })
  expect(withFlag.obstacles).toEqual([{ kind: 'option', blocks: true, mirrors: [mirrorB] }])
  for (const installation of ['desktop', 'podman', 'elsewhere'] as const) {
    const plan = planMirrors(undefined, [mirrorA], { ...environment, installation, cliFlags: [mirrorB] })
    expect(plan.obstacles).toEqual([{ kind: installation, blocks: true }])
    expect([isBlocked(plan), plan.change?.before]).toEqual([true, undefined])
    expect(diffTexts(plan)).toContain(`+    "${mirrorA}"`)
  }
})

test('a hosts.toml is reported, and does not block', () => {
  const path = '/etc/docker/certs.d/docker.io/hosts.toml'
  const plan = planMirrors('{}', [mirrorA], { ...environment, hostsToml: path })
  expect([plan.obstacles, isBlocked(plan)]).toEqual([[{ kind: 'hosts-toml', blocks: false, path }], false])
})

test('a file with a fault, an invalid address or a fourth mirror gives a blocked plan without rows; an invalid address from the file does not block', () => {
  const broken = planMirrors('{"debug": true,}', [mirrorA], environment)
  expect(broken.obstacles).toMatchObject([{ kind: 'file', blocks: true, fault: { code: 'trailing-comma' } }])
  const path = 'https://b.example/path'
  const invalid = planMirrors('{}', [mirrorA, path], environment)
  expect(invalid.obstacles).toEqual([{ kind: 'address', blocks: true, typed: path, why: 'path' }])
  const tooMany = planMirrors('{}', [mirrorA, mirrorB, mirrorC, 'https://d.example'], environment)
  expect(tooMany.obstacles).toMatchObject([{ kind: 'too-many' }, { kind: 'plain' }])
  for (const plan of [broken, invalid, tooMany])
    expect([plan.rows, plan.change, isBlocked(plan)]).toEqual([[], undefined, true])
  const existing = planMirrors(`{"registry-mirrors":["${path}"]}`, [path, mirrorA], environment)
  expect([isBlocked(existing), rowTexts(existing)[0]]).toEqual([false, `asks ${path} kept`])
})

test('a diff without its added lines is the old text, and without its removed lines the new text', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '', 'a\r', 'b\n', '\r\n', 'c\r\n', '\n'), { maxLength: 12 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = lineDiff(before, after)
      const lines = (text: string) => (text === '' ? [] : text.replace(/(?:\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/))
      const linesExcept = (kind: string) => diff.filter((line) => line.kind !== kind)
      expect(linesExcept('added').map(({ text }) => text)).toEqual(lines(before))
      expect(linesExcept('removed').map(({ text }) => text)).toEqual(lines(after))
      expect(linesExcept('removed').map(({ line }) => line)).toEqual(lines(after).map((_, index) => index + 1))
      expect(linesExcept('same').length === 0).toBe(before === after)
    }),
    { numRuns: 1000 },
  )
  expect(lineDiff('a\nb\nc', 'a\nx\ny\nc\n')).toEqual([
    { kind: 'same', text: 'a', line: 1 },
    { kind: 'removed', text: 'b', line: 2 },
    { kind: 'removed', text: 'c', line: 3 },
    { kind: 'added', text: 'x', line: 2 },
    { kind: 'added', text: 'y', line: 3 },
    { kind: 'added', text: 'c', line: 4 },
  ])
})
