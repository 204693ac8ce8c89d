import { expect, test } from 'vitest'
import { restartCommand } from '../../../model/engine/commands.ts'

test('only an engine that is a service of this computer has a command that restarts it', () => {
  const system = { type: 'system', installed: true } as const
  expect(restartCommand({ ...system, manager: 'systemd' })).toBe('sudo systemctl restart docker')
  expect(restartCommand({ ...system, manager: 'openrc' })).toBe('sudo rc-service docker restart')
  expect(restartCommand({ type: 'snap' })).toBe('sudo snap restart docker')
  expect(restartCommand({ type: 'rootless', managed: true })).toBe('systemctl --user restart docker')
  expect(restartCommand({ type: 'rootless', managed: false })).toBeUndefined()
  expect(restartCommand({ type: 'desktop', start: 'systemd' })).toBeUndefined()
  expect(restartCommand({ type: 'ssh', host: 'build.example' })).toBeUndefined()
  expect(restartCommand({ type: 'unknown' })).toBeUndefined()
})
