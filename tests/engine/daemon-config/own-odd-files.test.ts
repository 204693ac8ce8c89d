import {
  chmodSync,
  chownSync,
  existsSync,
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
import { added, mirror, ownAtRest, plain } from './clean-engine.ts'
import { commandOf } from './helper-side.ts'

/** As nobody, with whose rights alone it works. */
const rest = ownAtRest()
const { engineHas, refused } = rest

describe('what cannot be written fails calmly', () => {
  const inFolder = (mode: number, owner: number, work: () => Promise<void>) => {
    const folder = dirname(rest.side.file)
    chmodSync(folder, mode)
    chownSync(folder, owner, owner)
    return work().finally(() => {
      chmodSync(folder, 0o700)
      chownSync(folder, nobody, nobody)
    })
  }
  const fixed = { code: 'daemon-file-fixed', state: 'untouched' }

  test('a folder that is closed to writing', () => inFolder(0o555, nobody, () => refused(fixed)))
  test('a folder that is root’s', () => inFolder(0o755, 0, () => refused(fixed)))
  test('a folder that everybody can write in', () =>
    inFolder(0o777, nobody, () => refused({ code: 'daemon-file-folder', state: 'untouched' })))

  test('a file that is root’s, in the user’s folder', async () => {
    rest.by.write(plain, { owner: [0, 0] })
    await refused(fixed)
  })

  test('an engine that does not answer meanwhile changes nothing of that', async () => {
    await inFolder(0o555, nobody, async () => {
      await rest.engine.freeze()
      const { answer } = await rest.by.changed(added).finally(() => rest.engine.thaw())
      expect(answer).toMatchObject({ ok: false, error: fixed })
    })
    expect(rest.by.state()?.text).toBe(plain)
    await engineHas()
  })

  test.each(['/root', '/', '/nowhere'])('a home that is not theirs, %s: nothing is written in it', async (HOME) => {
    const opened = await openHelper({ command: commandOf(rest.side), env: { HOME } })
    expect(opened).toMatchObject({ ok: false, error: fixed })
  })
})

describe('links', () => {
  let aside: string
  beforeEach(() => {
    aside = join(rest.home, 'dotfiles')
    mkdirSync(aside)
    chownSync(aside, nobody, nobody)
  })
  afterEach(() => {
    rmSync(rest.side.file, { force: true })
    rmSync(aside, { recursive: true })
  })
  function linkTo(owner: number, mode = 0o644) {
    const target = join(aside, 'daemon.json')
    writeFileSync(target, plain, { mode })
    chownSync(target, owner, owner)
    rmSync(rest.side.file)
    symlinkSync(target, rest.side.file)
    return target
  }

  test('to a file of the user’s own stays one, and its target is changed', async () => {
    const target = linkTo(nobody)
    expect(await rest.by.changed(added)).toMatchObject({ answer: { ok: true }, last: { ok: true } })
    expect(readlinkSync(rest.side.file)).toBe(target)
    expect(readFileSync(target, 'utf8')).toBe(added)
    await engineHas(mirror)
  })

  test('to a file that root keeps, as home-manager’s: cannot be written', async () => {
    const target = linkTo(0, 0o444)
    chownSync(aside, 0, 0)
    chmodSync(aside, 0o555)
    await refused({ code: 'daemon-file-fixed', folder: aside, state: 'untouched' })
    expect(readlinkSync(rest.side.file)).toBe(target)
  })

  test('to a file of another user’s, or to nothing: not followed', async () => {
    linkTo(1)
    await refused({ code: 'daemon-file-odd', what: 'link-unsafe', state: 'untouched' })
    const target = linkTo(nobody)
    rmSync(target)
    const { helper } = await rest.by.opened()
    expect(await helper.change({ oldHash: undefined, newText: added })).toMatchObject({
      error: { code: 'daemon-file-odd', what: 'link-broken', state: 'untouched' },
    })
    await helper.end()
    expect(readlinkSync(rest.side.file)).toBe(target)
    expect(existsSync(target)).toBe(false)
  })

  test('a second name on the disk: not touched', async () => {
    linkSync(rest.side.file, join(aside, 'second'))
    await refused({ code: 'daemon-file-odd', what: 'hard-link', state: 'untouched' })
  })
})
