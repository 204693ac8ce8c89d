import Docker from 'dockerode'
import { expect, test } from 'vitest'
import { pinTargetEngine } from '../../../main/daemon-config/target-engine.ts'
import type { EngineSession } from '../../../main/engine/index.ts'
import { fail, ok } from '../../../preload/contract/index.ts'
import { createFakeSession } from '../fake-session.ts'

/** Sessions that end only with their lease. @returns the names of what is leased in `leased` */
function window() {
  const leased: string[] = []
  let shown: EngineSession | undefined
  return {
    leased,
    show: (endpoint: string | undefined) =>
      (shown = endpoint === undefined ? undefined : createFakeSession(new Docker(), endpoint)),
    endpoint: () => shown?.context.endpoint,
    engine: {
      session: () => (shown ? ok(shown) : fail({ code: 'engine-stopped', endpoint: '' } as const)),
      lease: (session: EngineSession) => {
        leased.push(session.context.endpoint)
        return {
          ...{ identity: session.identity, session, reconnectTimeoutMs: 0 },
          awaitReconnect: async () => undefined,
          release: () => void leased.splice(leased.indexOf(session.context.endpoint), 1),
        }
      },
    },
  }
}

test('a repair that begins while the window shows another engine waits for the engine that reads the file', () => {
  const { engine, show, endpoint, leased } = window()
  show('unix:///run/podman/podman.sock')
  const target = pinTargetEngine(engine, () => endpoint() === 'unix:///var/run/docker.sock')
  expect(target.session()).toMatchObject({ ok: false, error: { code: 'engine-stopped' } })
  show('unix:///var/run/docker.sock')
  expect(target.session()).toMatchObject({ ok: true, value: { context: { endpoint: 'unix:///var/run/docker.sock' } } })
  // It stays the target when the window shows another engine again.
  show('unix:///run/podman/podman.sock')
  expect(target.session()).toMatchObject({ ok: true, value: { context: { endpoint: 'unix:///var/run/docker.sock' } } })
  expect(leased).toEqual(['unix:///var/run/docker.sock'])
  target.release()
  expect(leased).toEqual([])
})

test('the engine that the window shows is pinned at once if it reads the file', () => {
  const { engine, show, leased } = window()
  show('unix:///var/run/docker.sock')
  const target = pinTargetEngine(engine, () => true)
  expect(leased).toEqual(['unix:///var/run/docker.sock'])
  show(undefined)
  expect(target.session()).toMatchObject({ ok: true })
})
