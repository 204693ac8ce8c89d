import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpClient, type Http } from '../../../main/registry/index.ts'
import { lookup as slipwayLookup } from '../../../main/registry/dns-lookup.ts'
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

/** Sends a request. @returns the failure, or `answered` */
const tryRequest = async (address: string) => {
  const result = await http.ask(`${address}/v2/`, { host: 'x' })
  return result.ok ? 'answered' : result.error
}

test('a name is resolved, and an unknown name is an error', async () => {
  const unknown = await mirrors.add('nobody', { connecting: 'no-such-host' })
  expect(await tryRequest(mirror.address)).toBe('answered')
  expect(await tryRequest(unknown.address)).toMatchObject({ code: 'registry-unreachable', reason: 'no-host' })
})

test('an entry in /etc/hosts takes precedence over the DNS', async () => {
  const elsewhere = await mirrors.add('elsewhere', { connecting: 'refused' })
  const unknown = await mirrors.add('pinned', { connecting: 'no-such-host' })
  expect(await tryRequest(elsewhere.address)).toMatchObject({ reason: 'refused' })
  const before = readFileSync('/etc/hosts', 'utf8')
  const { address } = await lookup(mirror.host)
  try {
    writeFileSync('/etc/hosts', `${before}\n${address} ${elsewhere.host} ${unknown.host}\n`)
    expect(await tryRequest(elsewhere.address)).toBe('answered')
    expect(await tryRequest(unknown.address)).toBe('answered')
  } finally {
    writeFileSync('/etc/hosts', before)
  }
})

test('a name is resolved while the DNS does not answer for other names', async () => {
  const others = await startMirrors({ registry: online.registry, hub: online.hub })
  try {
    others.setDnsConditions('silent')
    const silentMirrors = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => others.add(name)))
    const pending = silentMirrors.map(({ address }) => tryRequest(address))
    expect(await tryRequest(mirror.address)).toBe('answered')
    for (const failure of await Promise.all(pending)) expect(failure).toMatchObject({ code: 'registry-slow' })
    // The operating system still waits for the answers to those queries.
    expect(await tryRequest(mirror.address)).toBe('answered')
  } finally {
    await others.stop()
  }
})

describe('a name with an IPv6 address', () => {
  /** The address families that a connection to the host would try. */
  const familiesOf = async (host: string) => {
    const addresses = await promisify(slipwayLookup)(host, { all: true, hints: ADDRCONFIG })
    return (addresses as unknown as LookupAddress[]).map(({ family }) => family)
  }

  test('resolves to both addresses if this machine has IPv6, and otherwise only to its IPv4 address', async () => {
    const { host, address } = await mirrors.add('dual', { ipv6: 'unreachable' })
    expect(await familiesOf(host)).toEqual([4])
    addIpv6('six')
    try {
      expect(await familiesOf(host)).toEqual([4, 6])
      expect(await tryRequest(address)).toBe('answered')
    } finally {
      removeBridge('six')
    }
  })

  test('is reached over IPv4 if the DNS drops the query for the IPv6 address', async () => {
    const { host, address } = await mirrors.add('dropped', { ipv6: 'unanswered' })
    addIpv6('six')
    try {
      expect(await familiesOf(host)).toEqual([4])
      expect(await tryRequest(address)).toBe('answered')
    } finally {
      removeBridge('six')
    }
  })
})
