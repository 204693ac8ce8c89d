import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteEdits } from '../../../main/daemon-config/byte-edits.ts'
import { withMirrors } from '../../../model/daemon-config/file.ts'
import { planMirrors } from '../../../model/daemon-config/plan.ts'
import { planRepair } from '../../../model/daemon-config/repair.ts'
import { maskedRepairPlan, shownMirrorPlan } from '../../../model/daemon-config/shown.ts'
import { filesWith, mirrorA, mirrorB, mirrorLists } from './file-arbitraries.ts'

const environment = { installation: 'system', cliFlags: [], running: [] } as const

/** The file after the edits of `before`, which the helper makes in the file's own bytes. */
function editBytes(file: string, before: string, mirrors: readonly string[]): string {
  const edited = withMirrors(before, mirrors)
  if (!edited.ok) throw new Error(edited.fault.code)
  const bytes = Buffer.from(file)
  let [result, position] = ['', 0]
  for (const [offset, length, text] of byteEdits(before, edited.edits)) {
    result += bytes.toString('utf8', position, offset) + text
    position = offset + length
  }
  return result + bytes.toString('utf8', position)
}

test('the edits in bytes give the same text as the edits in characters', () => {
  fc.assert(
    fc.property(filesWith(fc.option(mirrorLists(0), { nil: undefined })), mirrorLists(0), ({ text }, mirrors) => {
      const edited = withMirrors(text, mirrors)
      expect(edited.ok && edited.text).toBe(editBytes(text, text, mirrors))
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['beside the mirrors', `{"标签":"密码🐳é\\u00e9","registry-mirrors": ["${mirrorB}"],"log-opts":{"令牌":"密"}}`],
  ['without mirrors', '{\n\t"标签": ["密码🐳"],\n\t"log-opts": {"令牌": "a\\"b"}\n}\n'],
])('edits that were planned with a masked text change the mirrors of the file alone: %s', (_, file) => {
  const masked = file.replaceAll(/密码🐳é\\u00e9|密码🐳|令牌|密|a\\"b/g, (text) => 'x'.repeat(Buffer.byteLength(text)))
  expect(masked).toContain('标签')
  const result = editBytes(file, masked, [mirrorA])
  expect(JSON.parse(result)).toEqual({ ...(JSON.parse(file) as object), 'registry-mirrors': [mirrorA] })
  expect(result).toBe(editBytes(file, file, [mirrorA]))
})

test('of a masked file, the window is shown the changed lines alone', () => {
  const file = `{\n  "labels": ["xxxx"],\n  "registry-mirrors": ["${mirrorB}"],\n  "debug": true\n}\n`
  const plan = planMirrors(file, [mirrorA], environment)
  const shown = shownMirrorPlan(plan, true)
  expect(shown.change?.diff.map(({ kind }) => kind)).toEqual(['removed', 'added', 'added', 'added'])
  expect(shown.rows).toEqual(plan.rows)
  expect(JSON.stringify(shown)).not.toMatch(/labels|debug/)
  expect(shownMirrorPlan(plan, false).change).toEqual({ diff: plan.change?.diff, isMasked: false })
  expect(shownMirrorPlan(planMirrors(file, [mirrorB], environment), true).change).toBeUndefined()
})

test('of a masked file, the window is shown where a fault is, and neither its line nor a mend', () => {
  const file = `{ "labels": ["xxxx"], "registry-mirrors": "${mirrorB}" }`
  const place = { line: 1, column: 43, text: '', mark: 0 }
  const shown = shownMirrorPlan(planMirrors(file, [mirrorA], environment), true)
  expect(shown).toMatchObject({ rows: [], obstacles: [{ kind: 'file', fault: { code: 'wrong-type', place } }] })
  const repair = planRepair(file, { major: 26 })
  expect(repair.isMend).toBe(true)
  expect(maskedRepairPlan(repair)).toMatchObject({ isMend: false, faults: [{ code: 'wrong-type', place }] })
  expect(maskedRepairPlan(repair)).not.toHaveProperty('change')
})
