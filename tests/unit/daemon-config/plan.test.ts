import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineDiff } from '../../../model/daemon-config/line-diff.ts'
import { isBlocked, planMirrors, type MirrorPlan, type DaemonEnvironment } from '../../../model/daemon-config/plan.ts'
import { one, two } from './texts.ts'

const here: DaemonEnvironment = { installation: 'system', cliFlags: [], running: ['web'] }
const three = 'http://10.0.0.1:5000'

/** The plan as it would be read aloud. */
const aloud = (plan: MirrorPlan) =>
  plan.rows.map(({ kind, ...row }) => [kind, ...Object.values(row).map(String)].join(' '))
const shown = ({ change }: MirrorPlan) =>
  change?.diff.map(({ kind, text }) => `${{ same: ' ', removed: '-', added: '+' }[kind]}${text}`)

test('the first change creates the file, asks for a password, and reloads Docker', () => {
  const plan = planMirrors(undefined, [one, two], { ...here, inForce: [] })
  expect(aloud(plan)).toEqual([`asks ${one} new`, `asks ${two} new`, 'file made', 'password', 'reload'])
  expect(plan.obstacles).toEqual([])
  expect(shown(plan)).toEqual(['+{', '+  "registry-mirrors": [', `+    "${one}",`, `+    "${two}"`, '+  ]', '+}'])
})

test('a changed order, a removed mirror and an added mirror are each listed', () => {
  const file = `{\n  "registry-mirrors": ["${one}/", "${two}/", "https://old.example"],\n  "debug": true\n}\n`
  const plan = planMirrors(file, [two, one, three], here)
  expect(aloud(plan)).toEqual([
    `asks ${two}/ moved`,
    `asks ${one}/ moved`,
    `asks ${three} new`,
    'drops https://old.example',
    'file edited',
    'password',
    'reload',
  ])
  expect(plan.obstacles).toEqual([{ kind: 'plain', blocks: false, mirror: three }])
  expect(shown(plan)).toEqual([
    ' {',
    `-  "registry-mirrors": ["${one}/", "${two}/", "https://old.example"],`,
    `+  "registry-mirrors": ["${two}/", "${one}/", "${three}"],`,
    '   "debug": true',
    ' }',
  ])
})

test('without mirrors the list is emptied, and the key stays', () => {
  const plan = planMirrors(`{"registry-mirrors":["${one}"]}`, [], here)
  expect(aloud(plan)).toEqual([`drops ${one}`, 'clears', 'file edited', 'password', 'reload'])
  expect(plan.change?.after).toBe('{"registry-mirrors":[]}')
  const forgotten = planMirrors('{"debug":true}', [], { ...here, inForce: [`${one}/`] })
  expect(aloud(forgotten)).toEqual(['clears', 'file edited', 'password', 'reload'])
  expect(forgotten.change).toMatchObject({ after: '{"debug":true,"registry-mirrors":[]}' })
})

test('a file that already has the mirrors is not changed; if only the engine lacks them, it is only reloaded', () => {
  const file = `{"registry-mirrors":["${one}/"]}`
  for (const inForce of [undefined, [`${one}/`]]) {
    const plan = planMirrors(file, [one], { ...here, ...(inForce && { inForce }) })
    expect([aloud(plan), plan.change]).toEqual([[`asks ${one}/ kept`], undefined])
  }
  expect(planMirrors(undefined, [], { ...here, inForce: [] })).toEqual({ rows: [{ kind: 'clears' }], obstacles: [] })
  const late = planMirrors(file, [one], { ...here, inForce: [] })
  expect(aloud(late)).toEqual([`asks ${one}/ kept`, 'password', 'reload'])
  expect(late.change).toMatchObject({ before: file, after: file })
})

test('the user’s own engine asks for no password; snap’s restarts, and says beforehand what stops', () => {
  expect(aloud(planMirrors('', [one], { ...here, installation: 'rootless' }))).toEqual([
    `asks ${one} new`,
    'file filled',
    'reload',
  ])
  const snap = planMirrors('{}', [one], { ...here, installation: 'snap' })
  expect(aloud(snap)).toEqual([`asks ${one} new`, 'file edited', 'password', 'restart'])
  expect(snap.obstacles).toEqual([{ kind: 'restart', blocks: false, stops: ['web'] }])
  expect(isBlocked(snap)).toBe(false)
})

test('an option of dockerd, Desktop, Podman and an engine elsewhere block, and the change can still be shown', () => {
  const option = planMirrors('{}', [one], { ...here, cliFlags: [two] })
  expect(option.obstacles).toEqual([{ kind: 'option', blocks: true, mirrors: [two] }])
  for (const installation of ['desktop', 'podman', 'elsewhere'] as const) {
    const plan = planMirrors(undefined, [one], { ...here, installation, cliFlags: [two] })
    expect(plan.obstacles).toEqual([{ kind: installation, blocks: true }])
    expect([isBlocked(plan), plan.change?.before]).toEqual([true, undefined])
    expect(shown(plan)).toContain(`+    "${one}"`)
  }
})

test('a hosts.toml is reported, and does not block', () => {
  const path = '/etc/docker/certs.d/docker.io/hosts.toml'
  const plan = planMirrors('{}', [one], { ...here, hostsToml: path })
  expect([plan.obstacles, isBlocked(plan)]).toEqual([[{ kind: 'hosts-toml', blocks: false, path }], false])
})

test('a file with a fault, an address that is none or a fourth mirror leave nothing to do', () => {
  const broken = planMirrors('{"debug": true,}', [one], here)
  expect(broken.obstacles).toMatchObject([{ kind: 'file', blocks: true, fault: { code: 'trailing-comma' } }])
  const path = 'https://b.example/path'
  const wrong = planMirrors('{}', [one, path], here)
  expect(wrong.obstacles).toEqual([{ kind: 'address', blocks: true, typed: path, why: 'path' }])
  const many = planMirrors('{}', [one, two, three, 'https://d.example'], here)
  expect(many.obstacles).toMatchObject([{ kind: 'too-many' }, { kind: 'plain' }])
  for (const plan of [broken, wrong, many])
    expect([plan.rows, plan.change, isBlocked(plan)]).toEqual([[], undefined, true])
  const kept = planMirrors(`{"registry-mirrors":["${path}"]}`, [path, one], here)
  expect([isBlocked(kept), aloud(kept)[0]]).toEqual([false, `asks ${path} kept`])
})

test('what a diff shows is the old text without what was added, and the new one without what was removed', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', '', 'a\r', 'b\n', '\r\n', 'c\r\n', '\n'), { maxLength: 12 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = lineDiff(before, after)
      const lines = (text: string) => (text === '' ? [] : text.replace(/(?:\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/))
      const but = (kind: string) => diff.filter((line) => line.kind !== kind)
      expect(but('added').map(({ text }) => text)).toEqual(lines(before))
      expect(but('removed').map(({ text }) => text)).toEqual(lines(after))
      expect(but('removed').map(({ line }) => line)).toEqual(lines(after).map((_, index) => index + 1))
      expect(but('same').length === 0).toBe(before === after)
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
