import { expect, test } from 'vitest'
import { findUnsafeHop, type Hop } from '../../../model/daemon-config/hops.ts'
import { planMirrors } from '../../../model/daemon-config/plan.ts'
import { isBlocked } from '../../../model/daemon-config/shown.ts'

const folder = (path: string, owner: number, mode: number): Hop => ({ path, isLink: false, owner, mode })
const link = (path: string, owner: number): Hop => ({ path, isLink: true, owner, mode: 0o777 })
const root = folder('/', 0, 0o755)

test('on the way to the system’s file, every folder and link must be root’s and closed to others', () => {
  const etc = folder('/etc', 0, 0o755)
  expect(findUnsafeHop([root, etc, link('/etc/docker', 0), root, folder('/opt', 0, 0o700)], undefined)).toBeUndefined()
  for (const unsafe of [
    folder('/home/li', 1000, 0o755),
    folder('/opt', 0, 0o775),
    folder('/tmp', 0, 0o1777),
    link('/opt/docker', 1000),
  ])
    expect(findUnsafeHop([root, etc, unsafe, folder('/srv', 0, 0o777)], undefined)).toBe(unsafe.path)
})

test('on the way to a user’s file, folders may also be that user’s, the group’s, or like /tmp', () => {
  const home = folder('/home/li', 1000, 0o775)
  expect(findUnsafeHop([root, home, link('/home/li/.config', 1000), folder('/tmp', 0, 0o1777)], 1000)).toBeUndefined()
  for (const unsafe of [folder('/home/bo', 1001, 0o755), folder('/srv', 0, 0o777), link('/tmp/docker', 1001)])
    expect(findUnsafeHop([root, home, unsafe], 1000)).toBe(unsafe.path)
})

test('a plan says that the helper will refuse the file, before it asks for a password', () => {
  const plan = planMirrors('{}', ['https://a.example'], {
    ...{ installation: 'system', cliFlags: [], running: [] },
    unsafePath: '/home/li',
  })
  expect(plan.obstacles).toEqual([{ kind: 'unsafe-path', blocks: true, path: '/home/li' }])
  expect(isBlocked(plan)).toBe(true)
  expect(plan.change).toBeDefined()
})
