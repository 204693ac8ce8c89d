/** The helper mends the punctuation of a daemon.json that Docker cannot read, and nothing else. */
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mendText } from '../../../model/daemon-config/mend.ts'
import { planRepair } from '../../../model/daemon-config/repair.ts'
import { hasSameContent } from '../../../model/daemon-config/same-content.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { readDaemonCorpus } from '../../corpus/daemon-json.ts'
import { applyDamages, damage, filesWith, mirrorLists } from '../../unit/daemon-config/file-arbitraries.ts'
import { expectNoHelperRunning, hashOf, readMirrors, readState, startHelper, write } from './helper-tools.ts'
import { reloadMirrors } from './killed-helper.ts'

const mirror = 'https://a.example'
const broken = `{\n  “registry-mirrors”: ["${mirror}",],\n  "labels": ["x=y"]\n}\n`
const mended = `{\n  "registry-mirrors": ["${mirror}"],\n  "labels": ["x=y"]\n}\n`

let uninstall: () => void
let engine: Engine
beforeAll(async () => {
  uninstall = installHelperInWorld()
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
})
afterAll(async () => {
  await engine?.stop()
  uninstall()
})
afterEach(expectNoHelperRunning)

/** Starts a helper, and asks it to mend the file. */
async function mend(newText: string, then: 'keep' | 'undo' | 'leave' = 'keep') {
  const { helper, steps } = await startHelper()
  try {
    const oldHash = hashOf(Buffer.from(readState()!.text, 'latin1'))
    const answer = await helper.mend({ oldHash, newText })
    if (answer.ok && then !== 'leave') await helper[then]()
    const history = await helper.history()
    return { answer, steps, backups: history.ok ? history.value : [] }
  } finally {
    await helper.end()
  }
}

describe('while Docker is down', () => {
  beforeAll(() => engine.shutDown())
  beforeEach(() => write(broken, { mode: 0o640, owner: [0, 7] }))

  test('a mended file keeps owner and mode, the old text is a backup, and Docker starts', async () => {
    const { answer, steps, backups } = await mend(mended)
    expect(answer).toEqual({
      ok: true,
      value: { answer: 'changed', confirmed: false, running: false, hash: hashOf(mended) },
    })
    expect(steps).toEqual(['checked', 'backed-up', 'swapped'])
    expect(readState()).toEqual({ text: mended, mode: '640', owner: '0:7' })
    expect(backups[0]).toMatchObject({ hash: hashOf(broken), valid: false })
    await engine.restart()
    expect(await readMirrors(engine)).toEqual([mirror])
    await engine.shutDown()
  })

  test.each(['undo', 'leave'] as const)('a mend that is not kept is undone: %s', async (then) => {
    const before = readState()
    expect((await mend(mended, then)).answer.ok).toBe(true)
    expect(readState()).toEqual(before)
  })

  test.each([
    ['another value', mended.replace('x=y', 'x=z'), 'text-elsewhere'],
    ['another mirror', mended.replace('a.example', 'b.example'), 'text-elsewhere'],
    ['a new key', mended.replace('{', '{ "hosts": ["tcp://0.0.0.0:2375"],'), 'text-elsewhere'],
    ['a missing key', `{ "registry-mirrors": ["${mirror}"] }`, 'text-elsewhere'],
    ['the keys in another order', `{ "labels": ["x=y"], "registry-mirrors": ["${mirror}"] }`, 'text-elsewhere'],
    ['a word in two parts', mended.replace('"x=y"', '"x=","y"'), 'text-elsewhere'],
    ['two words in one', mended.replace('registry-mirrors": ["', 'registry-mirrors'), 'text-invalid: file-invalid'],
    ['an escape instead of a letter', mended.replace('x=y', '\\u0078=y'), 'text-elsewhere'],
    ['an empty text', '', 'text-invalid: still-broken'],
    ['a byte order mark', `\ufeff${mended}`, 'text-invalid: still-broken'],
    ['a text that is still broken', broken.replace(',]', ']'), 'text-invalid: file-invalid'],
    ['mirrors that are not in a list', mended.replace(`["${mirror}"]`, `"${mirror}"`), 'text-invalid: still-broken'],
    ['a very long text', mended + ' '.repeat(2 << 20), 'text-too-large'],
  ])('a new text is refused: %s', async (_, newText, why) => {
    const before = readState()
    const { answer } = await mend(newText)
    expect(answer).toEqual({ ok: false, error: { code: 'daemon-file-helper-error', why, state: 'untouched' } })
    expect(readState()).toEqual(before)
  })

  test('a file that Docker can read is not mended, even if only its white space would change', async () => {
    write(mended)
    const { answer } = await mend(mended.replaceAll('\n', ' '))
    expect(answer).toMatchObject({ ok: false, error: { why: 'file-valid', state: 'untouched' } })
    expect(readState()?.text).toBe(mended)
  })

  test('a file that was changed after the plan is not mended', async () => {
    const { helper } = await startHelper()
    const answer = await helper.mend({ oldHash: hashOf(`${broken} `), newText: mended })
    await helper.end()
    expect(answer).toMatchObject({ ok: false, error: { code: 'daemon-file-changed', state: 'untouched' } })
  })

  test('the helper accepts each mend that Slipway plans for the corpus', async () => {
    const refused: string[] = []
    const { helper } = await startHelper()
    for (const { text } of readDaemonCorpus()) {
      const plan = [20, 26].map((major) => planRepair(text, { major })).find(({ isMend }) => isMend)
      if (!plan) continue
      write(text)
      const answer = await helper.mend({ oldHash: hashOf(text), newText: plan.change!.after })
      if (answer.ok) await helper.undo()
      else refused.push(`${text}: ${JSON.stringify(answer.error)}`)
    }
    await helper.end()
    expect(refused).toEqual([])
  })

  test(
    'the helper accepts only texts with the same words, whatever the damage and the request',
    { timeout: 300_000 },
    async () => {
      const damaged = fc
        .tuple(filesWith(mirrorLists(0)), fc.array(damage, { minLength: 1, maxLength: 2 }))
        .map(([{ text }, damages]) => applyDamages(text, damages))
      const slipped = filesWith(mirrorLists(1)).map(({ text }) => text.replace(/\}(\s*)$/, ',}$1'))
      // Lone surrogates cannot be written to a file.
      const file = fc.oneof(damaged, slipped).filter((text) => text.isWellFormed() && !text.includes('\ufffd'))
      const { helper } = await startHelper()
      let acceptedCount = 0
      const property = fc.asyncProperty(file, fc.option(damage, { freq: 1 }), async (text, change) => {
        write(text)
        const planned = mendText(text) ?? '{}'
        const newText = change ? applyDamages(planned, [change]) : planned
        const answer = await helper.mend({ oldHash: hashOf(text), newText })
        if (answer.ok) await helper.undo()
        if (answer.ok) acceptedCount += 1
        expect(readState()?.text).toBe(Buffer.from(text).toString('latin1'))
        expect(!answer.ok || (hasSameContent(text, newText) && JSON.parse(newText) !== undefined)).toBe(true)
      })
      try {
        await fc.assert(property, { numRuns: 300 })
      } finally {
        await helper.end()
      }
      expect(acceptedCount).toBeGreaterThan(10)
    },
  )
})

describe('while Docker runs', () => {
  beforeAll(async () => {
    write('{ "registry-mirrors": [] }')
    await engine.restart()
  })

  test('a file that was broken after the start is mended, and Docker loads it', async () => {
    write(broken)
    const { answer } = await mend(mended)
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(await readMirrors(engine)).toEqual([mirror])
    write('{ "registry-mirrors": [] }')
    await reloadMirrors(engine, [])
  })
})
