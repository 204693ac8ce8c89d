/** A Docker that runs, but that nobody can ask whether it uses the new mirrors. */
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openFaultyProxy, type FaultyProxy } from '../connect/faulty-proxy.ts'
import { eventually } from '../eventually.ts'
import { openChanger, type Changer } from './changer.ts'
import { reloadMirrors } from './killed-helper.ts'
import { changeFile, expectNoHelperRunning, hashOf, readMirrors, readState, write } from './helper-tools.ts'

const textBefore = '{ "registry-mirrors": ["https://a.example"] }'
const textNow = '{ "registry-mirrors": ["https://b.example"] }'
const faulty = '{,'
const backup = hashOf(textBefore)

let online: Online
let uninstall: () => void
let engine: Engine
let proxy: FaultyProxy
let changer: Changer
let onStep: (step: string) => void = () => {}
beforeAll(async () => {
  uninstall = installHelperInWorld()
  online = await startOnline()
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  // The proxy's socket is made beside this link, so that it can be moved to the usual place.
  symlinkSync(engine.socket, '/run/slipway-engine.sock')
  proxy = await openFaultyProxy('/run/slipway-engine.sock')
  renameSync(proxy.socket, systemPaths.socket)
  changer = await openChanger({ online, socket: systemPaths.socket, onStep: (step) => onStep(step) })
})
afterAll(async () => {
  await changer?.stop()
  proxy?.close()
  rmSync('/run/slipway-engine.sock', { force: true })
  await engine?.stop()
  await online?.stop()
  uninstall?.()
})
beforeEach(async () => {
  onStep = () => {}
  write(textBefore)
  await reloadMirrors(engine, ['https://a.example'])
  const { last } = await changeFile(textNow)
  if (!last?.ok) throw new Error(JSON.stringify(last))
  await proxy.goOffline()
  await eventually(() => changer.served.engine.state().status === 'away')
  write(faulty)
})

/** Docker answers again at its usual socket. */
async function answerAgain() {
  await proxy.goOnline()
  renameSync(proxy.socket, systemPaths.socket)
}

async function restoreBackup() {
  expect(await changer.handlers['daemon-config.backups'](undefined)).toMatchObject({ ok: true })
  return changer.restore(backup)
}

const unconfirmed = { code: 'daemon-file-unconfirmed', state: 'restored' }

test('a change is not kept, and Slipway says why', { timeout: 120_000 }, async () => {
  write(textNow)
  try {
    expect((await changer.setMirrors(['https://a.example'])).failure).toEqual(unconfirmed)
    expect(readState()?.text).toBe(textNow)
    expectNoHelperRunning()
  } finally {
    await answerAgain()
  }
  await reloadMirrors(engine, ['https://b.example'])
})

test('a restored file is not kept, and Slipway says why', { timeout: 120_000 }, async () => {
  try {
    expect((await restoreBackup()).failure).toEqual(unconfirmed)
    expect(readState()?.text).toBe(faulty)
    expectNoHelperRunning()
  } finally {
    await answerAgain()
  }
})

test('a restored file is kept if Docker answers again in time', { timeout: 120_000 }, async () => {
  onStep = (step) => step === 'reloaded' && void answerAgain()
  expect(await restoreBackup()).toMatchObject({ state: 'done', subject: { restores: true } })
  expect(readState()?.text).toBe(textBefore)
  expect(await readMirrors(engine)).toEqual(['https://a.example'])
})
