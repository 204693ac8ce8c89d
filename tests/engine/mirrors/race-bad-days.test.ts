import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { diagnose } from '../../../model/mirrors/race.ts'
import { hubAddress } from '../../../preload/contract/index.ts'
import { startMirrors } from '../../../tools/world/mirrors.ts'
import { comparing, probeOf, raceWorld } from './race-world.ts'
import { failureIn } from './racer.ts'

const image = 'nginx:latest'
const world = raceWorld()
const { mirrored } = world

const diagnosis = async () => {
  const { race, tested } = await world.racer.now()
  const probes = tested.map(({ address }) => race!.probes[address])
  return diagnose(race!.probes[hubAddress], probes, comparing(race!).contentOf)
}

test('Docker Hub and all mirrors fail', async () => {
  world.online.hub.setBehaviour('all', 'down')
  await mirrored({ gone: { answers: 410 }, refusing: { connecting: 'refused' } })
  await world.racer.race(image)
  expect(await diagnosis()).toBe('none')
})

test('nobody has an image of that name', async () => {
  await mirrored({ good: {} })
  await world.racer.race('nobody/has-this:1')
  expect(await diagnosis()).toBe('no-image')
})

test('there is no network at all', async () => {
  await world.another({ env: {} })
  await mirrored({ good: {} })
  world.online.mirrors.setDnsConditions('refusing')
  await world.racer.race(image)
  expect(await diagnosis()).toBe('offline')
})

const day = 86_400_000
test.each([
  ['a captive portal answers in place of every host', 'portal', undefined],
  // To a clock that is wrong by weeks, every certificate is out of date.
  [
    'the clock of this computer is wrong',
    'clock',
    { from: new Date(Date.now() - 20 * day), until: new Date(Date.now() - 10 * day) },
  ],
] as const)('%s', async (_, expected, holds) => {
  const site = createTlsServer({ ...world.online.hub.authority.issue(['sign-in.test'], holds) }, (_, reply) => {
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
    await world.another({ env: { HTTPS_PROXY: `http://127.0.0.1:${port}` } })
    await mirrored({ good: {} })
    await world.racer.race(image)
    expect(await diagnosis()).toBe(expected)
  } finally {
    portal.close()
    portal.closeAllConnections()
  }
})

test('some names get no DNS answer: the other mirrors are still tested', async () => {
  const unheard = await startMirrors({ registry: world.online.registry, hub: world.online.hub })
  try {
    unheard.setDnsConditions('silent')
    const silent = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => unheard.add(name)))
    await world.racer.add(...silent.map(({ address }) => address))
    const { good, nameless } = await mirrored({ good: {}, nameless: { connecting: 'no-such-host' } })
    const race = await world.racer.race(image)
    expect(probeOf(race, good)).toMatchObject({ state: 'answered' })
    expect(failureIn(probeOf(race, nameless))).toMatchObject({ reason: 'no-host' })
    for (const mirror of silent) expect(failureIn(probeOf(race, mirror))).toMatchObject({ code: 'registry-slow' })
  } finally {
    await unheard.stop()
  }
})

test('if nothing can be stored, a race still ends, and another can begin', async () => {
  await world.another({ unwritable: true })
  const logged = vi.spyOn(console, 'error').mockReturnValue()
  const { good } = await mirrored({ good: {} })
  for (const reference of [image, 'redis:7']) {
    const race = await world.racer.race(reference)
    expect(race).toMatchObject({ image: reference, ended: expect.any(Number) })
    expect(probeOf(race, good)).toMatchObject({ state: 'answered' })
  }
  logged.mockRestore()
})

test('two hundred mirrors are imported from a file and tested', async () => {
  const { good } = await mirrored({ good: {} })
  const names = Array.from({ length: 200 }, (_, at) => `https://m${at}.mirror.test`)
  await world.another({ file: `# ours\n${good.address}\nnonsense address!\n${names.join('\n')}\n${good.address}\n` })
  expect(await world.racer.handlers['mirrors.import'](undefined)).toMatchObject({
    ok: true,
    value: { added: 201, known: 0, wrong: [{ line: 3, text: 'nonsense address!' }] },
  })
  const race = await world.racer.race(image)
  expect(probeOf(race, good)).toMatchObject({ state: 'answered' })
  expect(Object.values(race.probes).every(({ state }) => state === 'answered' || state === 'failed')).toBe(true)
  await world.racer.handlers['mirrors.export'](undefined)
  expect(world.racer.saved[0]!.split('\n')).toContain(good.address)
})
