import { expect, test } from 'vitest'
import type { EngineKind } from '../../../model/engine/kind.ts'
import type { EngineState, MirrorChange } from '../../../preload/contract/index.ts'
import { answers, mayRestore } from '../../../renderer/daemon-config/repair.svelte.ts'

const connectedTo = (kind: EngineKind, product: 'Docker' | 'Podman' = 'Docker'): EngineState => ({
  status: 'connected',
  context: { name: 'default', endpoint: 'unix:///x', local: true, kind },
  facts: { product, version: '26.1', api: '1.45', platform: 'linux/amd64', rootDir: '/x', store: 'classic' },
})
const system: EngineKind = { type: 'system', manager: 'systemd', installed: true }

test.each([
  ['the repaired Docker', connectedTo(system), true],
  ['a rootless Docker', connectedTo({ type: 'rootless', managed: true }), false],
  ['Podman', connectedTo({ type: 'podman', scope: 'user', managed: true }), false],
  ['Podman at Docker’s socket', connectedTo(system, 'Podman'), false],
  ['Docker Desktop', connectedTo({ type: 'desktop', start: 'app' }), false],
  ['another computer', connectedTo({ type: 'ssh', host: 'build' }), false],
  ['nothing yet', { status: 'connecting' } as const, false],
  ['no engine', { status: 'away', failure: { code: 'engine-stopped', endpoint: 'unix:///x' } } as const, false],
])('after a repair of the system’s file, %s answers: %#', (_, state, expected) => {
  expect(answers(state, { installation: 'system' })).toBe(expected)
})

const change = (rest: Partial<MirrorChange>): MirrorChange => ({ file: '/f', at: 1, before: [], after: [], ...rest })
const mend = change({ faulty: { keptAs: '/f.faulty-1' } })
const edit = change({ backup: 'a' })

test.each<[string, readonly MirrorChange[], boolean]>([
  ['no change', [], false],
  ['a change', [edit], true],
  ['a change that made the file', [change({})], false],
  ['only a mend', [mend], false],
  ['a mend without a copy', [change({ faulty: {} })], false],
  ['a mend after a change', [mend, edit], false],
  ['a change after a mend', [edit, mend], true],
  ['a change without a backup after one with it', [change({}), edit], true],
])('an earlier version is offered while Docker is down, after %s: %#', (_, changes, expected) => {
  expect(mayRestore(changes)).toBe(expected)
})
