import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../../tools/world/engine.ts'
import { matrix } from '../matrix.ts'
import { useRunner, type Runner } from './runner.ts'

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let runner: Runner
  useRunner(options, (opened) => void ({ engine, runner } = opened))

  const volume = (source: string, more = {}) => ({ source, target: '/x', readOnly: false, ...more })
  const mounts = async (container: string) => (await engine.docker.getContainer(container).inspect()).Mounts
  const count = async () => (await engine.docker.listContainers({ all: true })).length
  const asked = (from: number) =>
    runner.questions.slice(from).map(({ folders }) => folders.map(({ path, isSystem }) => [path, isSystem]))

  test('without the user’s Yes, no container is created with a folder that no dialog chose, however it is named', async () => {
    const folder = join(engine.root, 'answered')
    mkdirSync(folder)
    symlinkSync('/etc', join(folder, 'link'))
    runner.answerQuestions(() => false)
    const declined = (source: string) => ({ code: 'mount-declined', field: 'volumes', row: 0, source })
    const sources = [
      '/etc',
      '//etc/.',
      folder,
      join(folder, 'link'),
      `${folder}/../../../../../../../etc`,
      engine.socket,
    ]
    for (const source of sources)
      for (const more of [{}, { readOnly: true }])
        expect(await runner.failureOf('box:1', { volumes: [volume(source, more)] })).toEqual(declined(source))
    // With an SELinux label, the mount is sent as a bind.
    const labelled = { volumes: [volume(folder, { selinuxLabel: true })], interactive: false }
    expect(await runner.failureOf('box:1', labelled)).toEqual(declined(folder))
    expect(await count()).toBe(0)
    expect(runner.questions).toHaveLength(2 * sources.length + 1)
  })

  test('after a Yes the container runs with the folder; a chosen folder needs no question, and /etc always does', async () => {
    const folder = join(engine.root, 'chosen')
    mkdirSync(folder)
    runner.answerQuestions(() => true)
    const before = runner.questions.length
    const etc = await runner.start('box:1', { volumes: [volume('/etc', { readOnly: true })] })
    expect(await mounts(etc.container)).toMatchObject([{ Type: 'bind', Source: '/etc', RW: false }])
    expect(runner.questions.at(-1)).toMatchObject({ reference: 'box:1', folders: [{ canWrite: false }] })
    await runner.choose(folder)
    await runner.choose('/etc')
    const chosen = await runner.start('box:1', { volumes: [volume(folder), { ...volume('data'), target: '/y' }] })
    expect(await mounts(chosen.container)).toHaveLength(2)
    await runner.start('box:1', { volumes: [volume('/etc')] })
    expect(asked(before)).toEqual([[['/etc', true]], [['/etc', true]]])
  })

  test('a named volume that leads to a folder counts as that folder', async () => {
    const create = (Name: string, device?: string) =>
      engine.docker.createVolume({ Name, ...(device && { DriverOpts: { type: 'none', o: 'bind', device } }) })
    await create('etc', '/etc')
    await create('plain')
    runner.answerQuestions(() => false)
    const before = runner.questions.length
    const declined = { code: 'mount-declined', field: 'volumes', row: 0, source: 'etc' }
    expect(await runner.failureOf('box:1', { volumes: [volume('etc')] })).toEqual(declined)
    expect(asked(before)).toEqual([[['/etc', true]]])
    await runner.start('box:1', { volumes: [volume('plain'), { ...volume('new'), target: '/y' }] })
    expect(runner.questions).toHaveLength(before + 1)
  })

  test('a tag that moves to another image while the question is open gets no folder', async () => {
    await engine.docker.getImage('web:1').tag({ repo: 'moves', tag: '1' })
    runner.answerQuestions(async () => {
      await engine.docker.getImage('box:1').tag({ repo: 'moves', tag: '1' })
      return true
    })
    const moved = { code: 'reference-moved', field: 'reference', reference: 'moves:1' }
    expect(await runner.failureOf('web:1', { reference: 'moves:1', volumes: [volume('/mnt')] })).toEqual(moved)
    expect(await count()).toBe(0)
  })
})
