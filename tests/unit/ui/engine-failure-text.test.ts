import { beforeAll, describe, expect, test } from 'vitest'
import type { EngineKind } from '../../../model/engine/kind.ts'
import type { EngineFailure } from '../../../preload/contract/index.ts'
import { engineFailureText } from '../../../renderer/ui/engine-failure-text.ts'
import { setLanguage } from '../../../renderer/ui/i18n.svelte.ts'

const endpoint = 'unix:///srv/own.sock'
const group = (group?: 'missing' | 'login') => (group ? { group } : {})
const kinds: readonly EngineKind[] = [
  ...(['systemd', 'openrc', 'runit', 'other'] as const).map((manager): EngineKind => ({
    type: 'system',
    manager,
    installed: true,
  })),
  { type: 'system', manager: 'systemd', installed: false },
  ...(['missing', 'login'] as const).flatMap((problem): EngineKind[] => [
    { type: 'system', manager: 'systemd', installed: true, ...group(problem) },
    { type: 'snap', ...group(problem) },
  ]),
  { type: 'snap' },
  ...[true, false].flatMap((managed): EngineKind[] => [
    { type: 'rootless', managed },
    { type: 'podman', scope: 'user', managed },
    { type: 'podman', scope: 'system', managed },
  ]),
  { type: 'podman-machine', name: 'podman-machine-default' },
  ...(['systemd', 'app', 'windows'] as const).map((start): EngineKind => ({ type: 'desktop', start })),
  { type: 'colima', profile: 'work' },
  { type: 'lima', instance: 'docker' },
  { type: 'rancher' },
  { type: 'orbstack' },
  { type: 'ssh', host: 'build.example' },
  { type: 'tcp', host: '10.0.0.5', address: '10.0.0.5:2375' },
  { type: 'forwarded', host: 'build' },
  { type: 'unknown' },
]
const failuresOf = (kind: EngineKind): readonly EngineFailure[] => [
  { code: 'engine-not-found', endpoint, kind },
  { code: 'engine-stopped', endpoint, kind },
  { code: 'engine-permission', endpoint, kind },
  { code: 'engine-unreachable', endpoint, kind, detail: 'bad gateway' },
  { code: 'engine-timeout', endpoint, kind, seconds: 10 },
  { code: 'engine-too-old', endpoint, kind, api: '1.39', needed: '1.40' },
]
const textAt = (code: 'engine-not-found' | 'engine-stopped' | 'engine-permission', kind: EngineKind) =>
  engineFailureText({ code, endpoint, kind })

describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
  beforeAll(() => setLanguage(language))

  test('every failure of every kind has a fact and a next step, with its values filled in', () => {
    for (const kind of kinds)
      for (const failure of failuresOf(kind)) {
        const { title, hint } = engineFailureText(failure)
        expect(title).not.toBe('')
        expect(hint).not.toBe('')
        expect(`${title} ${hint}`).not.toMatch(/[{}]|undefined/)
      }
  })

  test('a hint that ends with a colon has a command, and no other hint has one', () => {
    for (const kind of kinds)
      for (const failure of failuresOf(kind)) {
        const { hint, command } = engineFailureText(failure)
        expect([failure, /[:：]$/.test(hint)]).toEqual([failure, command !== undefined])
      }
  })

  test('the system’s Docker is started only where it is the engine', () => {
    for (const kind of kinds)
      for (const code of ['engine-not-found', 'engine-stopped'] as const) {
        const { command } = textAt(code, kind)
        const isSystem =
          kind.type === 'system' && kind.manager === 'systemd' && (kind.installed || code !== 'engine-not-found')
        expect(command === 'sudo systemctl start docker').toBe(isSystem)
      }
  })

  test('the group docker is offered only for the system’s Docker and the snap', () => {
    for (const kind of kinds) {
      const offers = textAt('engine-permission', kind).command?.includes('usermod -aG docker') ?? false
      expect(offers).toBe((kind.type === 'system' || kind.type === 'snap') && kind.group !== 'login')
    }
  })
})

describe('in English', () => {
  beforeAll(() => setLanguage('en'))

  test('the title names the program that the user starts, and the computer if it is another one', () => {
    const titleOf = (kind: EngineKind) => textAt('engine-stopped', kind).title
    expect(titleOf({ type: 'system', manager: 'systemd', installed: true })).toBe('Docker is not running')
    expect(titleOf({ type: 'podman', scope: 'user', managed: true })).toBe('Podman is not running')
    expect(titleOf({ type: 'colima', profile: 'work' })).toBe('Colima is not running')
    expect(titleOf({ type: 'desktop', start: 'app' })).toBe('Docker Desktop is not running')
    expect(titleOf({ type: 'ssh', host: 'build.example' })).toBe('No engine answers on build.example')
    const timeout = engineFailureText({
      code: 'engine-timeout',
      endpoint,
      kind: { type: 'ssh', host: 'b' },
      seconds: 5,
    })
    expect(timeout.title).toBe('Docker on b is not answering')
  })

  test('Docker is not installed, or only stopped', () => {
    const missing: EngineKind = { type: 'system', manager: 'systemd', installed: false }
    expect(textAt('engine-not-found', missing)).toEqual({
      title: 'Docker was not found on this computer',
      hint: 'There is no Docker to connect to. Install it first.',
    })
    expect(textAt('engine-not-found', { ...missing, installed: true }).title).toBe('Docker is not running')
    expect(textAt('engine-not-found', { type: 'unknown' })).toMatchObject({
      title: 'There is no engine at this address',
      hint: expect.stringContaining('/srv/own.sock does not exist'),
    })
  })

  test('a failure that an older version has stored, without the kind, names no command', () => {
    expect(engineFailureText({ code: 'engine-stopped', endpoint: 'ssh://build' })).toEqual({
      ...{ title: 'Docker is not running', hint: '' },
    })
  })
})
