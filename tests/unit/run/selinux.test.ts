import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderLabelFailure } from '../../../main/run/selinux.ts'
import { toVolumeMount } from '../../../model/run/request.ts'
import { defaultRunOptions } from '../../../model/run/run.ts'
import { mayLabelFolder, needsFolderLabels } from '../../../model/run/selinux.ts'
import { readCorpus } from '../../corpus/corpus.ts'

const lines = readCorpus<'text' | 'slipway'>('run-errors').filter(({ slipway }) => slipway.startsWith('label '))

test.each(lines)('$text: the dialog offers the $slipway', ({ text, slipway }) => {
  const enforce = text.endsWith('SELinux enforcing') ? '1' : '0'
  const source = '/home/ada/site'
  const offered = needsFolderLabels(enforce, ['name=seccomp,profile=builtin', 'name=selinux']) && mayLabelFolder(source)
  const mount = toVolumeMount({ source, target: '/x', readOnly: false, selinuxLabel: offered })
  expect(mount).toEqual(slipway === 'label none' ? { bind: `${source}:/x` } : { bind: `${source}:/x:z` })
})

test.each([
  // As Fedora's engine answers; Debian's has no SELinux.
  ['1', ['name=seccomp,profile=default', 'name=selinux', 'name=cgroupns'], true],
  ['1\n', ['name=selinux'], true],
  // Permissive: SELinux only logs.
  ['0', ['name=seccomp,profile=default', 'name=selinux'], false],
  // An engine without selinux-enabled starts containers without labels.
  ['1', ['name=seccomp,profile=default', 'name=cgroupns'], false],
  ['1', ['name=seccomp,profile=selinux'], false],
  ['', ['name=selinux'], false],
])(
  'with “%s” in the kernel’s file and the engine’s options %j, folders need labels: %s',
  (enforce, options, needed) => {
    expect(needsFolderLabels(enforce, options)).toBe(needed)
  },
)

test.each([
  '/home/ada/site',
  '/home/ada/site/',
  '/root/site',
  '/srv/www',
  '/opt/app/data',
  '/mnt/disk/x',
  '/run/media/ada/disk/x',
  '/data',
])('the folder %s may get a label', (path) => expect(mayLabelFolder(path)).toBe(true))

test.each([
  ...['/', '//', '/home', '/home/', '/home/ada', '/home/ada/', '/var/home/ada', '/root', homedir()],
  ...['/etc', '/etc/nginx/conf.d', '/usr', '/usr/share/x', '/home/../etc', '/./usr', '/bin/', '/lib64/x', '/boot'],
  ...[
    '/dev/shm',
    '/proc/1',
    '/sys',
    '/run',
    '/run/user/1000/x',
    '/run/media/ada',
    '/srv',
    '/opt',
    '/mnt',
    '/media',
    '/tmp',
    '/var',
    '/var/lib',
    '/var/log',
  ],
  ...['', 'data', './site', '~/site'],
])('the folder “%s” may not get a label', (path) => expect(mayLabelFolder(path)).toBe(false))

test('a folder is checked before it gets a label: it must exist, and a link may not lead into the system', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'label-'))
  mkdirSync(join(folder, 'site'))
  symlinkSync('/etc', join(folder, 'link'))
  const check = (source: string, selinuxLabel = true) =>
    folderLabelFailure({
      ...defaultRunOptions('', ''),
      volumes: [
        { source: 'data', target: '/data', readOnly: false, selinuxLabel: true },
        { source, target: '/x', readOnly: false, selinuxLabel },
      ],
    })
  expect(await check(join(folder, 'site'))).toBeUndefined()
  expect(await check(join(folder, 'missing'))).toMatchObject({ code: 'mount-missing', row: 1 })
  expect(await check(join(folder, 'link'))).toMatchObject({ code: 'run-fault', fault: { code: 'volume-label-system' } })
  // Without a label, the engine itself reports a missing folder.
  expect(await check(join(folder, 'missing'), false)).toBeUndefined()
})
