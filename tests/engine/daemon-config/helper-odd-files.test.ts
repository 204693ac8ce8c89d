import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { reloadMirrors } from './killed-helper.ts'
import { changeTo, readMirrors, expectNoHelperRunning, startHelper, readState, write } from './helper-tools.ts'

const mirror = 'https://a.example'
/** Few, because each change that the engine loads takes a second. 300 were tried by hand (`SLIPWAY_FILES=300`). */
const fileCount = Number(process.env['SLIPWAY_FILES'] ?? 60)

let uninstall: () => void
let engine: Engine
beforeAll(async () => {
  uninstall = installHelperInWorld()
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  write('{ "registry-mirrors": [], "insecure-registries": [] }')
  await reloadMirrors(engine, [])
})
afterAll(async () => {
  await engine?.stop()
  uninstall()
})
afterEach(expectNoHelperRunning)

const space = fc.constantFrom('', ' ', '\n', '\r\n  ', '\t', '\n\n    ')

/** Members of a daemon.json, in different notations. Docker does not know the last one. */
const member = fc.oneof(
  fc.constantFrom(
    ...['"debug": false', '"max-concurrent-downloads": 3', '"shutdown-timeout":1e1', '"live-restore": false'],
    ...['"labels": ["a=1", "é=\\u00fc"]', '"log-opts": {"max-size": "10m"}', '"insecure-registries": ["a:5000"]'],
    ...['"debug":false', '"labels": []', '"no-such-option": null'],
  ),
)
const members = fc.uniqueArray(member, { maxLength: 5, selector: (text) => text.split(':')[0] })
const validFile = fc
  .tuple(members, fc.array(space, { minLength: 12, maxLength: 12 }), fc.constantFrom('', '\ufeff', '\n', '\r\n'))
  .map(([members, spaces, prefix]) => {
    const spaceAt = (index: number) => spaces[index % spaces.length]!
    const body = members.map((text, index) => `${spaceAt(index)}${text}${spaceAt(index + 1)}`).join(',')
    return Buffer.from(`${prefix}{${body}${spaceAt(7)}}${spaceAt(9)}`)
  })

/** A valid file in which a byte is missing, replaced or inserted, or the end is cut off. */
const brokenFile = fc
  .tuple(validFile, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('drop', 'replace', 'insert', 'cut'))
  .map(([bytes, position, byte, damage]) => {
    const index = position % bytes.length
    const restStart = { drop: index + 1, replace: index + 1, insert: index, cut: bytes.length }[damage]
    const inserted = damage === 'drop' || damage === 'cut' ? [] : [byte]
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(inserted), bytes.subarray(restStart)])
  })
const randomBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))

/** Inserts the mirror without parsing the text. The helper must refuse a result that is invalid. */
function withMirror(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const start = text.indexOf('{') + 1
  if (start === 0) return `{"registry-mirrors": ["${mirror}"]}`
  const comma = /^\s*\}/.test(text.slice(start)) ? '' : ','
  return `${text.slice(0, start)}"registry-mirrors": ["${mirror}"]${comma}${text.slice(start)}`
}

test(
  `each of ${fileCount} odd and broken files has the same bytes after a refused change, or after a change and its undo`,
  { timeout: 900_000 },
  async () => {
    const outcomes: Record<string, number> = {}
    const { helper } = await startHelper()
    const anyFile = fc.oneof({ weight: 5, arbitrary: validFile }, { weight: 4, arbitrary: brokenFile }, randomBytes)
    const property = fc.asyncProperty(anyFile, fc.constantFrom(0o600, 0o644), async (bytes, mode) => {
      write(bytes, { mode, owner: [0, 7] })
      const before = readState()
      const answer = await helper.change(changeTo(bytes, withMirror(bytes)))
      const outcome = answer.ok ? 'changed' : answer.error.code
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      const whileChanged = answer.ok && [await readMirrors(engine), readState()?.text, await helper.undo()]
      const newText = Buffer.from(withMirror(bytes)).toString('latin1')
      expect(whileChanged).toEqual(answer.ok && [[mirror], newText, { ok: true, value: 'restored' }])
      expect(readState()).toEqual(before)
      expect(await readMirrors(engine)).toEqual([])
    })
    try {
      await fc.assert(property, { numRuns: fileCount, endOnFailure: true })
    } finally {
      await helper.end()
    }
    // Checks that enough of the random files could be changed, and that enough were invalid.
    expect(outcomes['changed']).toBeGreaterThan(fileCount / 6)
    expect(outcomes['daemon-file-invalid']).toBeGreaterThan(fileCount / 10)
  },
)
