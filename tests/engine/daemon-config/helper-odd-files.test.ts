import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { reloaded } from './cut-helper.ts'
import { hashOf, mirrorsOf, noHelperLeft, opened, state, write } from './helper-side.ts'

const mirror = 'https://a.example'
/** A change that the engine takes up is a second's work: 300 were tried by hand (`SLIPWAY_FILES=300`). */
const files = Number(process.env['SLIPWAY_FILES'] ?? 60)

let uninstall: () => void
let engine: Engine
beforeAll(async () => {
  uninstall = installInWorld()
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  write('{ "registry-mirrors": [], "insecure-registries": [] }')
  await reloaded(engine, [])
})
afterAll(async () => {
  await engine?.stop()
  uninstall()
})
afterEach(noHelperLeft)

const space = fc.constantFrom('', ' ', '\n', '\r\n  ', '\t', '\n\n    ')

/** What people write into daemon.json, in the ways that they write it. */
const member = fc.oneof(
  fc.constantFrom(
    ...['"debug": false', '"max-concurrent-downloads": 3', '"shutdown-timeout":1e1', '"live-restore": false'],
    ...['"labels": ["a=1", "é=\\u00fc"]', '"log-opts": {"max-size": "10m"}', '"insecure-registries": ["a:5000"]'],
    ...['"debug":false', '"labels": []', '"no-such-option": null'],
  ),
)
const members = fc.uniqueArray(member, { maxLength: 5, selector: (text) => text.split(':')[0] })
const whole = fc
  .tuple(members, fc.array(space, { minLength: 12, maxLength: 12 }), fc.constantFrom('', '\ufeff', '\n', '\r\n'))
  .map(([all, spaces, first]) => {
    const space = (at: number) => spaces[at % spaces.length]!
    const body = all.map((text, at) => `${space(at)}${text}${space(at + 1)}`).join(',')
    return Buffer.from(`${first}{${body}${space(7)}}${space(9)}`)
  })

/** A byte is lost, is another, or comes between; or the end is missing. */
const broken = fc
  .tuple(whole, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('drop', 'other', 'insert', 'cut'))
  .map(([bytes, where, byte, how]) => {
    const at = where % bytes.length
    const rest = { drop: at + 1, other: at + 1, insert: at, cut: bytes.length }[how]
    const between = how === 'drop' || how === 'cut' ? [] : [byte]
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(between), bytes.subarray(rest)])
  })
const junk = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))

/** As a text editor would put the mirror in, whatever is there: the helper is to judge it. */
function withMirror(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const start = text.indexOf('{') + 1
  if (start === 0) return `{"registry-mirrors": ["${mirror}"]}`
  const comma = /^\s*\}/.test(text.slice(start)) ? '' : ','
  return `${text.slice(0, start)}"registry-mirrors": ["${mirror}"]${comma}${text.slice(start)}`
}

test(`${files} odd and broken files: not one byte is lost that was not ours`, { timeout: 900_000 }, async () => {
  const outcomes: Record<string, number> = {}
  const { helper } = await opened()
  const anyFile = fc.oneof({ weight: 5, arbitrary: whole }, { weight: 4, arbitrary: broken }, junk)
  const holds = fc.asyncProperty(anyFile, fc.constantFrom(0o600, 0o644), async (bytes, mode) => {
    write(bytes, { mode, owner: [0, 7] })
    const before = state()
    const answer = await helper.change({ oldHash: hashOf(bytes), newText: withMirror(bytes) })
    const outcome = answer.ok ? 'changed' : answer.error.code
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    const between = answer.ok && [await mirrorsOf(engine), state()?.text, await helper.undo()]
    const text = Buffer.from(withMirror(bytes)).toString('latin1')
    expect(between).toEqual(answer.ok && [[mirror], text, { ok: true, value: 'restored' }])
    expect(state()).toEqual(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })
  try {
    await fc.assert(holds, { numRuns: files, endOnFailure: true })
  } finally {
    await helper.end()
  }
  // Otherwise this would prove little.
  expect(outcomes['changed']).toBeGreaterThan(files / 6)
  expect(outcomes['daemon-file-invalid']).toBeGreaterThan(files / 10)
})
