import Docker from 'dockerode'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mountPermissions, type MountQuestion } from '../../../main/run/mounts.ts'
import { foldersToAllow, type MountedPath } from '../../../model/run/mount-question.ts'
import { defaultRunOptions, type VolumeOptions } from '../../../model/run/run.ts'
import { createFakeSession } from '../fake-session.ts'

describe('the decision', () => {
  const known = {
    chosen: new Map([
      ['/home/ada/site', '/home/ada/site'],
      ['/home/ada/link', '/srv/data'],
      ['/etc', '/etc'],
      ['/home/ada', '/home/ada'],
    ]),
    engineFiles: ['/srv/docker', '/data/engine/docker.sock'],
  }
  const path = (path: string, more: Partial<MountedPath> = {}): MountedPath => ({
    ...{ row: 0, path, realPath: path, canWrite: true },
    ...more,
  })
  const asked = (mounted: MountedPath) => foldersToAllow([mounted], known)[0]

  test('a chosen folder needs no question; another one, or one inside it or above it, does', () => {
    expect(asked(path('/home/ada/site'))).toBeUndefined()
    expect(asked(path('/home/ada/site/html'))).toEqual({
      ...{ row: 0, path: '/home/ada/site/html', canWrite: true, isSystem: false },
    })
    expect(asked(path('/home'))).toMatchObject({ isSystem: false })
    expect(asked(path('/home/ada/site2', { canWrite: false }))).toMatchObject({ canWrite: false })
  })

  test('a chosen link needs no question while it leads where it led', () => {
    expect(asked(path('/home/ada/link', { realPath: '/srv/data' }))).toBeUndefined()
    expect(asked(path('/home/ada/link', { realPath: '/srv/other' }))).toMatchObject({ target: '/srv/other' })
    expect(asked(path('/home/ada/link', { realPath: '/etc/shadow' }))).toMatchObject({ isSystem: true })
  })

  test('a path whose target is unknown needs a question, even if it was chosen', () => {
    const { realPath: _, ...unknown } = path('/home/ada/site')
    expect(asked(unknown)).toMatchObject({ path: '/home/ada/site', isSystem: false })
  })

  test.each([
    ...['/', '/etc', '/etc/shadow', '/root', '/root/.ssh', '/run', '/run/docker.sock', '/run/user/1000', '/var/run'],
    ...['/var/run/docker.sock', '/boot', '/dev', '/dev/sda', '/dev/shm', '/proc', '/proc/self/root', '/sys/fs/cgroup'],
    ...['/var', '/var/lib', '/var/lib/docker', '/var/lib/docker/volumes/x', '/usr/bin', '/bin', '/lib64', '/sbin'],
    // The engine's own data and socket, what is in them, and what they are in.
    ...['/srv', '/srv/docker', '/srv/docker/overlay2', '/data', '/data/engine', '/data/engine/docker.sock'],
  ])('%s always needs a question, which says that it belongs to the system', (system) => {
    const chosen = new Map([[system, system]])
    const isSystem = (mounted: MountedPath) => foldersToAllow([mounted], { ...known, chosen })[0]?.isSystem
    expect(isSystem(path(system))).toBe(true)
    expect(isSystem(path(system, { canWrite: false }))).toBe(true)
    expect(isSystem(path('/home/ada/link', { realPath: system }))).toBe(true)
  })

  test.each([
    '/home/ada',
    '/etcetera',
    '/home/ada/etc',
    '/run/media/ada/disk',
    '/srv/docker2',
    '/mnt',
    '/tmp/x',
    '/opt',
  ])('%s does not belong to the system', (ordinary) => expect(asked(path(ordinary))?.isSystem ?? false).toBe(false))

  test('a socket or a device needs a question wherever it is', () => {
    expect(asked(path('/home/ada/site', { isSpecial: true }))).toMatchObject({ isSystem: true })
  })

  test('system paths are named first', () => {
    const folders = foldersToAllow([path('/mnt/a'), path('/etc', { row: 1 }), path('/mnt/b', { row: 2 })], known)
    expect(folders.map(({ path }) => path)).toEqual(['/etc', '/mnt/a', '/mnt/b'])
  })
})

describe('the question', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'mounts-')))
  const volume = (source: string): VolumeOptions => ({ source, target: '/x', readOnly: false })
  const options = (...sources: string[]) => ({ ...defaultRunOptions('', 'box:1'), volumes: sources.map(volume) })
  const session = (local = true) => {
    const fake = createFakeSession(new Docker(), `unix://${root}/engine/docker.sock`)
    return { ...fake, context: { ...fake.context, local } }
  }
  function start(answer: (question: MountQuestion) => boolean | 'busy' = () => false) {
    const questions: string[][] = []
    let folder = ''
    const permissions = mountPermissions({
      chooseFolder: async () => folder,
      async allowsFolders(question) {
        questions.push(question.folders.map(({ path, target = '' }) => `${path} ${target}`.trim()))
        return answer(question)
      },
    })
    const choose = (path: string) => ((folder = path), permissions.chooseFolder('/'))
    return { ...permissions, choose, questions }
  }

  test('a new volume needs none, and a folder needs none once it was chosen', async () => {
    const { refusal, choose, questions } = start()
    const site = join(root, 'site')
    mkdirSync(site)
    expect(await refusal(session(), options(''))).toBeUndefined()
    expect(await refusal(session(), options('', site))).toMatchObject({
      code: 'mount-declined',
      row: 1,
      source: site,
    })
    await choose(site)
    expect(await refusal(session(), options(`${site}/`, `${root}/./x/../site`))).toBeUndefined()
    expect(questions).toEqual([[site]])
    // A folder of this computer says nothing about one of another computer with the same path.
    expect(await refusal(session(false), options(site))).toMatchObject({ code: 'mount-declined' })
  })

  test('if the user cannot be asked, that is not a No', async () => {
    const { refusal } = start(() => 'busy')
    expect(await refusal(session(), options('/mnt'))).toEqual({ code: 'busy' })
  })

  test('all folders are asked about at once, also one that a link in a chosen folder leads to', async () => {
    const { refusal, choose, questions } = start(() => true)
    const site = join(root, 'links')
    mkdirSync(join(site, 'deep/er'), { recursive: true })
    symlinkSync('/etc', join(site, 'link'))
    await choose(site)
    expect(
      await refusal(session(), options('/mnt', site, join(site, 'link'), `${site}/deep/er/../../link/..`)),
    ).toBeUndefined()
    expect(questions).toEqual([[`${site}/link /etc`, '/mnt']])
  })

  test('if a link leads elsewhere after the answer, the user is asked again', async () => {
    const link = join(root, 'moving')
    const point = (target: string) => (rmSync(link, { force: true }), symlinkSync(target, link))
    point('/mnt')
    const { refusal, questions } = start(({ folders }) => {
      if (folders[0]?.target === '/etc') return false
      point('/etc')
      return true
    })
    expect(await refusal(session(), options(link))).toMatchObject({ code: 'mount-declined' })
    expect(questions).toEqual([[`${link} /mnt`], [`${link} /etc`]])
  })

  test('a socket and the folder of the engine’s socket belong to the system, and a missing folder needs no question', async () => {
    mkdirSync(join(root, 'engine'))
    const server = createServer().listen(join(root, 'engine/other.sock'))
    try {
      const asked: (boolean | undefined)[] = []
      const { refusal, choose } = start(({ folders }) => (asked.push(folders[0]?.isSystem), false))
      for (const path of [join(root, 'engine/other.sock'), join(root, 'engine'), root]) {
        await choose(path)
        expect(await refusal(session(), options(path))).toMatchObject({ code: 'mount-declined' })
      }
      expect(asked).toEqual([true, true, true])
      expect(await refusal(session(), options('/mnt', '/no/such'))).toMatchObject({ code: 'mount-missing', row: 1 })
      expect(asked).toHaveLength(3)
    } finally {
      server.close()
    }
  })
})
