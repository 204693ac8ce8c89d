import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readHostFacts, socketTarget } from '../../../main/engine/connect/host-facts.ts'
import { correctionOf, withKnownKind } from '../../../main/engine/known-kind.ts'
import type { EngineKind } from '../../../model/engine/kind.ts'
import type { EngineContext } from '../../../preload/contract/index.ts'

test('a socket’s links are followed to a path that may not exist, and a circle of links ends', () => {
  const folder = mkdtempSync(join(tmpdir(), 'links-'))
  try {
    const at = (name: string) => join(folder, name)
    symlinkSync('second', at('first'))
    symlinkSync('/run/podman/nothing-here.sock', at('second'))
    expect(socketTarget(at('first'))).toBe('/run/podman/nothing-here.sock')
    expect(socketTarget(at('absent'))).toBe(at('absent'))
    symlinkSync('left', at('right'))
    symlinkSync('right', at('left'))
    expect([at('left'), at('right')]).toContain(socketTarget(at('left')))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the facts are those of this computer', () => {
  expect(readHostFacts()).toMatchObject({ hostName: hostname(), inWindows: expect.any(Boolean) })
})

const endpoint = 'unix:///var/run/docker.sock'
const contextOf = (kind: EngineKind, local: boolean): EngineContext => ({ name: 'default', endpoint, local, kind })
const system: EngineKind = { type: 'system', manager: 'systemd', installed: true }
const desktop: EngineKind = { type: 'desktop', start: 'systemd' }

test('an engine that said what it is stays that after it has stopped, unless its address now says otherwise', () => {
  const away = (kind: EngineKind) => ({
    ...({ status: 'away', context: contextOf(kind, true) } as const),
    failure: { code: 'engine-stopped', endpoint, kind } as const,
  })
  const known = { context: { kind: desktop, local: false }, failure: { kind: desktop } }
  expect(withKnownKind(away(system), contextOf(desktop, false))).toMatchObject(known)
  const colima: EngineKind = { type: 'colima', profile: 'default' }
  for (const [now, last] of [
    [colima, contextOf(desktop, false)],
    [system, { ...contextOf(desktop, false), endpoint: 'unix:///other.sock' }],
    [system, undefined],
    [system, contextOf(system, true)],
  ] as const)
    expect(withKnownKind(away(now), last)).toEqual(away(now))
})

test('what this computer shows now about the installation and the group is newer than what was known of the engine', () => {
  const kindAfter = (now: EngineKind, last: EngineKind) => {
    const failure = { code: 'engine-permission', endpoint, kind: now } as const
    return withKnownKind({ status: 'away', context: contextOf(now, true), failure }, contextOf(last, true)).context
      ?.kind
  }
  const joined: EngineKind = { ...system, group: 'login' }
  expect(kindAfter(joined, system)).toEqual(joined)
  expect(kindAfter(system, joined)).toEqual(system)
  expect(kindAfter(joined, { type: 'snap' })).toEqual({ type: 'snap', group: 'login' })
  expect(kindAfter(system, { type: 'snap', group: 'login' })).toEqual({ type: 'snap' })
  // dockerd is in an unusual folder.
  expect(kindAfter({ ...joined, installed: false }, system)).toEqual(joined)
})

test('only what an engine said otherwise than its address is remembered, so that Docker can be uninstalled', () => {
  const found = contextOf(system, true)
  expect(correctionOf(found, found)).toBeUndefined()
  expect(correctionOf(contextOf({ ...system, installed: false }, true), found)).toBe(found)
  expect(correctionOf(found, contextOf(desktop, false))).toEqual(contextOf(desktop, false))
})
