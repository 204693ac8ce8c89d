import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mirror, plainText, textWithMirror, useRootlessEngine, useSystemEngine } from './clean-engine.ts'
import { changeTo, hashOf, type HelperScope, type StartedHelper } from './helper-tools.ts'

const scopes = [
  { title: 'root’s helper', useEngine: () => useSystemEngine('26.1') },
  { title: 'a rootless user’s helper', useEngine: useRootlessEngine },
]

describe.each(scopes)('a whole file: $title', ({ useEngine }) => {
  const setup = useEngine()
  const { expectMirrors } = setup
  const backup = hashOf(plainText)
  const removeFaultyCopy = (text: string) => rmSync(`${setup.scope.file}.faulty-${hashOf(text).slice(0, 12)}`)

  /** Makes the helper back up `plainText`, in which nothing is hardened. */
  const makeBackup = () => setup.tools.changeFile(textWithMirror, 'undo')

  test('replaces a file that is not JSON', async () => {
    await makeBackup()
    const faulty = '{ "icc": false, }'
    setup.tools.write(faulty)
    const { helper } = await setup.tools.startRestoreHelper()
    expect(await helper.restore({ oldHash: hashOf(faulty), hash: backup })).toMatchObject({ ok: true })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    expect(setup.tools.readState()?.text).toBe(plainText)
    removeFaultyCopy(faulty)
    await expectMirrors()
  })

  test.each([
    ['hardened by an administrator since', '{ "icc": false, "userns-remap": "default", "hosts": ["fd://"] }\n'],
    ['with a byte order mark', '\ufeff{ "icc": false }'],
    [
      'with a key twice, of which Docker follows the last',
      '{ "registry-mirrors": [], "icc": false, "registry-mirrors": [] }',
    ],
    ['with a setting that Docker does not know', '{ "icc": false, "iccc": true }'],
    ['with mirrors that are no list', `{ "icc": false, "registry-mirrors": "${mirror}" }`],
    ['that is too large to be read', `{ "icc": false, "labels": ["${'x'.repeat(1 << 20)}"] }`],
    ['that is blank', '\n'],
  ])('does not replace a file %s', async (_, text) => {
    await makeBackup()
    setup.tools.write(text)
    const before = setup.tools.readState()
    const { helper } = await setup.tools.startRestoreHelper()
    expect(await helper.restore({ oldHash: hashOf(text), hash: backup })).toMatchObject({
      ok: false,
      error: { state: 'untouched' },
    })
    await helper.end()
    expect(setup.tools.readState()).toEqual(before)
  })

  test('does not take the place of a missing file, which changes of mirrors create', async () => {
    await makeBackup()
    setup.tools.write(undefined)
    const { helper } = await setup.tools.startRestoreHelper()
    expect(await helper.restore({ oldHash: undefined, hash: backup })).toMatchObject({ ok: false })
    await helper.end()
    expect(setup.tools.readState()).toBeUndefined()
  })
})

describe('root’s programs', () => {
  const setup = useSystemEngine('26.1')
  const faulty = '{ "icc": false, }'
  const refused = { ok: false, error: { code: 'daemon-file-helper-error', why: 'other-program', state: 'untouched' } }

  async function expectRefused({ helper }: StartedHelper, ask: (helper: StartedHelper['helper']) => Promise<unknown>) {
    const before = setup.tools.readState()
    expect(await ask(helper)).toEqual(refused)
    await helper.end()
    expect(setup.tools.readState()).toEqual(before)
  }

  test('the one whose prompt speaks of mirrors restores no whole file', async () => {
    await setup.tools.changeFile(textWithMirror, 'undo')
    setup.tools.write(faulty)
    await expectRefused(await setup.tools.startHelper(), async (helper) =>
      helper.restore({ oldHash: hashOf(faulty), hash: hashOf(plainText) }),
    )
  })

  test('the one that restores a whole file does nothing else', async () => {
    const change = changeTo(plainText, textWithMirror)
    const mend = { oldHash: hashOf(plainText), newText: textWithMirror }
    await expectRefused(await setup.tools.startRestoreHelper(), async (helper) => helper.change(change))
    await expectRefused(await setup.tools.startRestoreHelper(), async (helper) => helper.mend(mend))
    await expectRefused(await setup.tools.startRestoreHelper(), async (helper) => helper.read())
    expect(existsSync(join((setup.scope satisfies HelperScope).stateFolder, 'journal.json'))).toBe(false)
  })
})
