import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { diagnose } from '../../../model/mirrors/race.ts'
import { hubAddress } from '../../../preload/contract/index.ts'
import { startMirrors } from '../../../tools/world/mirrors.ts'
import { compareRace, probeOf, useRaceWorld } from './race-world.ts'
import { failureIn } from './racer.ts'

const image = 'nginx:latest'
const world = useRaceWorld()
const { addMirrors } = world

const readDiagnosis = async () => {
  const { race, tested } = await world.racer.read()
  const probes = tested.map(({ address }) => race!.probes[address])
  return diagnose(race!.probes[hubAddress], probes, compareRace(race!).contentOf)
}

test('if Docker Hub and all mirrors fail, the diagnosis says that no source works', async () => {
  world.online.hub.setBehaviour('all', 'down')
  await addMirrors({ gone: { answers: 410 }, refusing: { connecting: 'refused' } })
  await world.racer.race(image)
  expect(await readDiagnosis()).toBe('none')
})

test('if no source has an image of that name, the diagnosis says that the image does not exist', async () => {
  await addMirrors({ good: {} })
  await world.racer.race('nobody/has-this:1')
  expect(await readDiagnosis()).toBe('no-image')
})

test('if the DNS server refuses all queries, the diagnosis is `offline`', async () => {
  await world.reopenRacer({ env: {} })
  await addMirrors({ good: {} })
  world.online.mirrors.setDnsConditions('refusing')
  await world.racer.race(image)
  expect(await readDiagnosis()).toBe('offline')
})

const dayMs = 86_400_000
test.each([
  ['a captive portal answers in place of every host', 'portal', undefined],
  // If the clock is wrong by weeks, every certificate seems to be expired or not yet valid.
  [
    'the clock of this computer is wrong',
    'clock',
    { from: new Date(Date.now() - 20 * dayMs), until: new Date(Date.now() - 10 * dayMs) },
  ],
] as const)('the diagnosis is right if %s', async (_, expected, validity) => {
  const site = createTlsServer({ ...world.online.hub.authority.issue(['sign-in.test'], validity) }, (_, reply) => {
    reply.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to the café</h1>')
  })
  const portal = createServer()
  portal.on('connect', (_, socket: Duplex) => {
    socket.on('error', () => socket.destroy())
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    site.emit('connection', socket)
  })
  portal.listen(0, '127.0.0.1')
  await once(portal, 'listening')
  try {
    const { port } = portal.address() as AddressInfo
    await world.reopenRacer({ env: { HTTPS_PROXY: `http://127.0.0.1:${port}` } })
    await addMirrors({ good: {} })
    await world.racer.race(image)
    expect(await readDiagnosis()).toBe(expected)
  } finally {
    portal.close()
    portal.closeAllConnections()
  }
})

test('if the DNS does not answer for some mirrors, the other mirrors are still tested', async () => {
  const otherMirrors = await startMirrors({ registry: world.online.registry, hub: world.online.hub })
  try {
    otherMirrors.setDnsConditions('silent')
    const silentMirrors = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => otherMirrors.add(name)))
    await world.racer.add(...silentMirrors.map(({ address }) => address))
    const { good, nohost } = await addMirrors({ good: {}, nohost: { connecting: 'no-such-host' } })
    const race = await world.racer.race(image)
    expect(probeOf(race, good)).toMatchObject({ state: 'answered' })
    expect(failureIn(probeOf(race, nohost))).toMatchObject({ reason: 'no-host' })
    for (const mirror of silentMirrors)
      expect(failureIn(probeOf(race, mirror))).toMatchObject({ code: 'registry-slow' })
  } finally {
    await otherMirrors.stop()
  }
})

test('if nothing can be stored, a race still ends, and another one can start', async () => {
  await world.reopenRacer({ unwritable: true })
  const logged = vi.spyOn(console, 'error').mockReturnValue()
  const { good } = await addMirrors({ good: {} })
  for (const reference of [image, 'redis:7']) {
    const race = await world.racer.race(reference)
    expect(race).toMatchObject({ image: reference, ended: expect.any(Number) })
    expect(probeOf(race, good)).toMatchObject({ state: 'answered' })
  }
  logged.mockRestore()
})

test('two hundred mirrors are imported from a file and tested', async () => {
  const { good } = await addMirrors({ good: {} })
  const addresses = Array.from({ length: 200 }, (_, index) => `https://m${index}.mirror.test`)
  await world.reopenRacer({
    importText: `# ours\n${good.address}\nnonsense address!\n${addresses.join('\n')}\n${good.address}\n`,
  })
  expect(await world.racer.handlers['mirrors.import'](undefined)).toMatchObject({
    ok: true,
    value: { added: 201, alreadyListed: 0, invalid: [{ line: 3, text: 'nonsense address!' }] },
  })
  const race = await world.racer.race(image)
  expect(probeOf(race, good)).toMatchObject({ state: 'answered' })
  expect(Object.values(race.probes).every(({ state }) => state === 'answered' || state === 'failed')).toBe(true)
  await world.racer.handlers['mirrors.export'](undefined)
  expect(world.racer.saved[0]!.split('\n')).toContain(good.address)
})
