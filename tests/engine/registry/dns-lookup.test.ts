import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpClient, type Http } from '../../../main/registry/index.ts'
import { lookup as ownLookup } from '../../../main/registry/dns-lookup.ts'
import { addIpv6, removeBridge } from '../../../tools/world/bridge.ts'
import { startMirrors, type Mirror, type Mirrors } from '../../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'

let online: Online
let mirrors: Mirrors
let mirror: Mirror
let http: Http

beforeAll(async () => {
  online = await startOnline()
  mirrors = online.mirrors
  mirror = await mirrors.add('fast')
  http = httpClient({ version: '0', env: {} })
})
afterAll(async () => {
  await http.close()
  await online.stop()
})

/** Nobody's certificate is trusted here: who is reached shows one, and that is enough. */
const reach = async (address: string) => {
  const asked = await http.ask(`${address}/v2/`, { host: 'x' })
  return asked.ok ? 'answered' : asked.error
}
const reached = { code: 'registry-tls' }

test('a name is resolved, and an unknown one is an error', async () => {
  const nobody = await mirrors.add('nobody', { connecting: 'no-such-host' })
  expect(await reach(mirror.address)).toMatchObject(reached)
  expect(await reach(nobody.address)).toMatchObject({ code: 'registry-unreachable', reason: 'no-host' })
})

test('an entry in /etc/hosts takes precedence over the DNS', async () => {
  const elsewhere = await mirrors.add('elsewhere', { connecting: 'refused' })
  const nobody = await mirrors.add('pinned', { connecting: 'no-such-host' })
  expect(await reach(elsewhere.address)).toMatchObject({ reason: 'refused' })
  const before = readFileSync('/etc/hosts', 'utf8')
  const { address } = await lookup(mirror.host)
  try {
    writeFileSync('/etc/hosts', `${before}\n${address} ${elsewhere.host} ${nobody.host}\n`)
    expect(await reach(elsewhere.address)).toMatchObject(reached)
    expect(await reach(nobody.address)).toMatchObject(reached)
  } finally {
    writeFileSync('/etc/hosts', before)
  }
})

test('a name is resolved while the DNS does not answer for others', async () => {
  const others = await startMirrors({ registry: online.registry, hub: online.hub })
  try {
    others.setDnsConditions('silent')
    const silent = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => others.add(name)))
    const asked = silent.map(({ address }) => reach(address))
    expect(await reach(mirror.address)).toMatchObject(reached)
    for (const failure of await Promise.all(asked)) expect(failure).toMatchObject({ code: 'registry-slow' })
    // Their questions still wait in the system.
    expect(await reach(mirror.address)).toMatchObject(reached)
  } finally {
    await others.stop()
  }
})

describe('a name with an address of IPv6', () => {
  /** As a connection asks for it. */
  const familiesOf = async (host: string) => {
    const found = await promisify(ownLookup)(host, { all: true, hints: ADDRCONFIG })
    return (found as unknown as LookupAddress[]).map(({ family }) => family)
  }

  test('resolves to its IPv4 address only if there is no IPv6, or else to both', async () => {
    const { host, address } = await mirrors.add('dual', { ipv6: 'unreachable' })
    expect(await familiesOf(host)).toEqual([4])
    addIpv6('six')
    try {
      expect(await familiesOf(host)).toEqual([4, 6])
      expect(await reach(address)).toMatchObject(reached)
    } finally {
      removeBridge('six')
    }
  })

  test('is reached over IPv4 if the query for IPv6 is dropped', async () => {
    const { host, address } = await mirrors.add('dropped', { ipv6: 'unanswered' })
    addIpv6('six')
    try {
      expect(await familiesOf(host)).toEqual([4])
      expect(await reach(address)).toMatchObject(reached)
    } finally {
      removeBridge('six')
    }
  })
})
