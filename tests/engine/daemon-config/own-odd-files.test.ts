import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHelper } from '../../../main/daemon-config/helper.ts'
import { nobody } from '../../../tools/world/rootless.ts'
import { textWithMirror, mirror, useRootlessEngine, plainText } from './clean-engine.ts'
import { changeTo, commandOf } from './helper-tools.ts'

/** The rootless helper runs as the user nobody, and has only that user's rights. */
const setup = useRootlessEngine()
const { expectMirrors, expectRefused } = setup

describe('nothing is changed in', () => {
  /** Runs an action while the folder of daemon.json has this mode and owner. */
  const withFolder = (mode: number, owner: number, action: () => Promise<void>) => {
    const folder = dirname(setup.scope.file)
    chmodSync(folder, mode)
    chownSync(folder, owner, owner)
    return action().finally(() => {
      chmodSync(folder, 0o700)
      chownSync(folder, nobody, nobody)
    })
  }
  const notWritable = { code: 'daemon-file-not-writable', state: 'untouched' }

  test('a folder without write permission', () => withFolder(0o555, nobody, () => expectRefused(notWritable)))
  test('a folder of root’s', () => withFolder(0o755, 0, () => expectRefused(notWritable)))
  test('a folder that every user can write in', () =>
    withFolder(0o777, nobody, () => expectRefused({ code: 'daemon-file-folder-unsafe', state: 'untouched' })))

  test('a file of root’s in the user’s folder', async () => {
    setup.tools.write(plainText, { owner: [0, 0] })
    await expectRefused(notWritable)
  })

  test('a folder without write permission while the engine does not answer', async () => {
    await withFolder(0o555, nobody, async () => {
      await setup.engine.freeze()
      const { answer } = await setup.tools.changeFile(textWithMirror).finally(() => setup.engine.thaw())
      expect(answer).toMatchObject({ ok: false, error: notWritable })
    })
    expect(setup.tools.readState()?.text).toBe(plainText)
    await expectMirrors()
  })

  test.each(['/root', '/', '/nowhere'])(
    'a home folder that does not exist or does not belong to the user: %s',
    async (HOME) => {
      const helper = await openHelper({ command: commandOf(setup.scope), env: { HOME } })
      expect(helper).toMatchObject({ ok: false, error: notWritable })
    },
  )
})

describe('a link', () => {
  let targetFolder: string
  beforeEach(() => {
    targetFolder = join(setup.home, 'dotfiles')
    mkdirSync(targetFolder)
    chownSync(targetFolder, nobody, nobody)
  })
  afterEach(() => {
    rmSync(setup.scope.file, { force: true })
    rmSync(targetFolder, { recursive: true })
  })
  function linkTo(owner: number, mode = 0o644) {
    const target = join(targetFolder, 'daemon.json')
    writeFileSync(target, plainText, { mode })
    chownSync(target, owner, owner)
    rmSync(setup.scope.file)
    symlinkSync(target, setup.scope.file)
    return target
  }

  test('to a file of the same user is kept, and its target is changed', async () => {
    const target = linkTo(nobody)
    expect(await setup.tools.changeFile(textWithMirror)).toMatchObject({ answer: { ok: true }, last: { ok: true } })
    expect(readlinkSync(setup.scope.file)).toBe(target)
    expect(readFileSync(target, 'utf8')).toBe(textWithMirror)
    await expectMirrors(mirror)
  })

  test('to a read-only file of root’s, as home-manager creates it, is not changed', async () => {
    const target = linkTo(0, 0o444)
    chownSync(targetFolder, 0, 0)
    chmodSync(targetFolder, 0o555)
    await expectRefused({ code: 'daemon-file-not-writable', folder: targetFolder, state: 'untouched' })
    expect(readlinkSync(setup.scope.file)).toBe(target)
  })

  test('to another user’s file, or to a missing file, is not followed', async () => {
    linkTo(1)
    await expectRefused({ code: 'daemon-file-unsuitable', what: 'link-unsafe', state: 'untouched' })
    const target = linkTo(nobody)
    rmSync(target)
    const { helper } = await setup.tools.startHelper()
    expect(await helper.change(changeTo(undefined, textWithMirror))).toMatchObject({
      error: { code: 'daemon-file-unsuitable', what: 'link-broken', state: 'untouched' },
    })
    await helper.end()
    expect(readlinkSync(setup.scope.file)).toBe(target)
    expect(existsSync(target)).toBe(false)
  })

  test('of another user’s in a folder like /tmp is not followed', async () => {
    const theirLink = '/tmp/slipway-their-link'
    const target = linkTo(nobody)
    symlinkSync(target, theirLink)
    lchownSync(theirLink, 1, 1)
    rmSync(setup.scope.file)
    symlinkSync(theirLink, setup.scope.file)
    const unsafe = { code: 'daemon-file-unsuitable', what: 'link-unsafe', target: theirLink, state: 'untouched' }
    await expectRefused(unsafe).finally(() => rmSync(theirLink))
  })

  test('that is a hard link is not changed', async () => {
    linkSync(setup.scope.file, join(targetFolder, 'second'))
    await expectRefused({ code: 'daemon-file-unsuitable', what: 'hard-link', state: 'untouched' })
  })
})
