/**
 * Resolves host names through DNS directly. Node's default is getaddrinfo(3), which blocks one of the two threads that
 * libuv allows for slow work (threadpool.c): a few names with an unresponsive DNS server would delay all other
 * lookups by ten seconds or more.
 */
import { ADDRCONFIG, type LookupAddress, type LookupOptions } from 'node:dns'
import { lookup as lookupBySystem, Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { callbackify } from 'node:util'

/** How long to wait for DNS before getaddrinfo(3) is started as well. */
const dnsHeadStartMs = 1000
/** How long to wait for IPv6 addresses after the IPv4 ones: some routers drop AAAA queries. Source: RFC 8305, 3. */
const ipv6GraceMs = 50

/** A `lookup` function for net.connect(). */
export const lookup: LookupFunction = (name, options, callback) => {
  const resolve = callbackify(resolveName)
  resolve(name, options, (error, addresses) => {
    if (error) callback(error, '')
    else if (options.all) callback(null, addresses)
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  })
}

/** Rejects with the error of getaddrinfo(3) if neither DNS nor the system resolves the name. */
async function resolveName(name: string, options: LookupOptions): Promise<LookupAddress[]> {
  const lookUpBySystem = () => lookupBySystem(name, { ...options, all: true })
  if (needsSystem(name)) return lookUpBySystem()
  const dns = queryDns(name, options)
  const early = await Promise.race([dns, delay(dnsHeadStartMs, undefined, { ref: false })]).catch(() => undefined)
  if (early) return early
  const system = lookUpBySystem()
  return Promise.any([dns, system]).catch(() => system)
}

/** Whether DNS cannot resolve a name or /etc/hosts overrides it: single-label names, mDNS names and hosts entries. */
const needsSystem = (name: string) => !name.includes('.') || name.endsWith('.local') || hostsFile().includes(name)

function hostsFile(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return ''
  }
}

async function queryDns(name: string, { hints = 0 }: LookupOptions): Promise<LookupAddress[]> {
  // A new Resolver reads the current DNS servers, which change with the network.
  const resolver = new Resolver()
  const noAddresses: LookupAddress[] = []
  const withFamily = (family: 4 | 6) => (addresses: string[]) => addresses.map((address) => ({ address, family }))
  // ADDRCONFIG: without an IPv6 network, IPv6 addresses would only delay the connection.
  const wantsIpv6 = !(hints & ADDRCONFIG) || hasIpv6()
  const ipv6 = wantsIpv6 ? resolver.resolve6(name).then(withFamily(6), () => noAddresses) : noAddresses
  const ipv4 = await resolver.resolve4(name).then(withFamily(4), () => noAddresses)
  const ipv6InTime = ipv4.length > 0 ? Promise.race([ipv6, delay(ipv6GraceMs, noAddresses, { ref: false })]) : ipv6
  const addresses = [...ipv4, ...(await ipv6InTime)]
  if (addresses.length === 0) throw new Error(`${name} has no address`)
  return addresses
}

/** Whether this computer has a routable IPv6 address: neither loopback nor link-local. */
const hasIpv6 = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((address) => address.family === 'IPv6' && !address.internal && address.scopeid === 0)
