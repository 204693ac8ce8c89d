/** A daemon.json that only root may read: what the window learns of it while its mirrors change. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Mirror } from '../../../tools/world/mirrors.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openChanger, type Changer } from './changer.ts'
import { reloadMirrors } from './killed-helper.ts'
import { expectNoHelperRunning, readMirrors, readState, write } from './helper-tools.ts'

const secretText = (mirror: string) =>
  [
    '{',
    '  "proxies": { "http-proxy": "http://user:s3cret-pw@proxy.example:3128", "no-proxy": "*.镜像.example" },',
    `  "registry-mirrors": ["${mirror}"],`,
    '  "log-opts": { "tag": "tok-4711" }',
    '}',
    '',
  ].join('\n')
const secrets = ['s3cret-pw', 'proxy.example', '镜像', 'tok-4711']

let online: Online
let uninstall: () => void
let engine: Engine
let good: Mirror
let changer: Changer
beforeAll(async () => {
  uninstall = installHelperInWorld()
  online = await startOnline()
  good = await online.mirrors.add('good')
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: online.hub.engineEnv })
  changer = await openChanger({ online, socket: systemPaths.socket })
})
afterAll(async () => {
  await changer?.stop()
  await engine?.stop()
  await online?.stop()
  uninstall?.()
})

/** Runs this as a user who cannot read root's files, as the app does. */
async function asNobody<T>(action: () => T | Promise<T>): Promise<T> {
  process.seteuid!(65_534)
  try {
    return await action()
  } finally {
    process.seteuid!(0)
  }
}
const expectNoSecret = (payload: unknown) => {
  for (const secret of secrets) expect.soft(JSON.stringify(payload)?.includes(secret), secret).toBe(false)
}

test('the mirrors change, every other byte stays, and nothing that the window is sent has another line or a secret', async () => {
  write(secretText('https://old.example'), { mode: 0o600 })
  await reloadMirrors(engine, ['https://old.example'])
  const { handlers } = changer
  const mirrors = [good.address]
  const needed = { ok: false, error: { code: 'daemon-file-needs-password', file: systemPaths.config, helper: true } }
  const [config, refused, planned, checked] = await asNobody(async () => [
    await handlers['daemon-config.get'](undefined),
    await handlers['daemon-config.plan']({ mirrors, withPassword: false }),
    await handlers['daemon-config.plan']({ mirrors, withPassword: true }),
    await handlers['daemon-config.check']({ withPassword: true }),
  ])
  expect(config).toMatchObject({ ok: true, value: { method: 'root-helper', secret: true } })
  expect(config.ok && config.value).not.toHaveProperty('named')
  expect(refused).toEqual(needed)
  expect(planned).toMatchObject({
    ok: true,
    value: { plan: { change: { isMasked: true, diff: [{ kind: 'removed', line: 3 }, ...added(3)] } } },
  })
  expect(planned.ok && planned.value).not.toHaveProperty('commands')
  const job = await changer.apply(planned.ok ? planned.value.id : '')
  expect(job).toMatchObject({ state: 'done' })
  expect(readState()?.mode).toBe('600')
  expect(Buffer.from(readState()?.text ?? '', 'latin1').toString()).toBe(
    secretText('https://old.example').replace('["https://old.example"]', `[\n    "${good.address}"\n  ]`),
  )
  expect(await readMirrors(engine)).toEqual([good.address])
  const backups = await handlers['daemon-config.backups'](undefined)
  expect(backups).toMatchObject({ ok: true, value: [{ mirrors: ['https://old.example'] }] })
  expectNoSecret([
    config,
    planned,
    checked,
    job,
    backups,
    await handlers['daemon-config.get'](undefined),
    changer.published,
  ])
  expectNoHelperRunning()
})

test('a file that cannot be parsed is neither told nor mended: only its line and column are', async () => {
  write(secretText('https://old.example').replace('4711" }', '4711" },'), { mode: 0o600 })
  const { handlers } = changer
  const answers = await asNobody(async () => [
    await handlers['daemon-config.check']({ withPassword: true }),
    await handlers['daemon-config.plan']({ mirrors: [good.address], withPassword: true }),
  ])
  const fault = { code: 'hidden', place: { line: 5, column: 1, text: '', mark: 0 } }
  expect(answers).toMatchObject([
    { ok: true, value: { plan: { faults: [fault], isMend: false, named: [] } } },
    { ok: true, value: { plan: { rows: [], obstacles: [{ kind: 'file', blocks: true, fault }] } } },
  ])
  expect(JSON.stringify(answers)).not.toMatch(/"(?:change|commands)"/)
  expectNoSecret(answers)
})

test('a file that can be parsed, but that Slipway does not edit, is shown without its lines', async () => {
  write(secretText('x').replace('["x"]', '"https://old.example", "userland": "tok-4711"'), { mode: 0o600 })
  const { handlers } = changer
  const [checked, planned] = await asNobody(async () => [
    await handlers['daemon-config.check']({ withPassword: true }),
    await handlers['daemon-config.plan']({ mirrors: [good.address], withPassword: true }),
  ])
  const place = { line: 3, text: '' }
  expect(checked).toMatchObject({
    ok: true,
    value: { plan: { isMend: false, faults: [{ code: 'wrong-type', place }] } },
  })
  expect(planned).toMatchObject({ ok: true, value: { plan: { obstacles: [{ kind: 'file', fault: { place } }] } } })
  expectNoSecret([checked, planned])
})

const added = (count: number) => Array.from({ length: count }, () => ({ kind: 'added' }))
