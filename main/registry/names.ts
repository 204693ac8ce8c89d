/**
 * The addresses of a name, asked of the DNS itself. Node asks getaddrinfo(3) for every connection, which holds one of two
 * threads for as long as it waits (libuv threadpool.c: half of the pool is for what is slow): a few names whose server is
 * silent keep all others waiting for ten seconds and more, which then seem not to answer.
 */
import { ADDRCONFIG, type LookupAddress, type LookupOptions } from 'node:dns'
import { lookup as askSystem, Resolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { callbackify } from 'node:util'

/** So long, in milliseconds, the DNS is waited for alone: who is heard of in that time takes no thread. */
const headStart = 1000
/** So long for an IPv6 address once there is one of IPv4: some routers drop the question. Source: RFC 8305, 3. */
const grace = 50

/** As a connection asks for it. */
export const lookup: LookupFunction = (name, options, done) => {
  const ask = callbackify(addressesOf)
  ask(name, options, (error, found) => {
    if (error) done(error, '')
    else if (options.all) done(null, found)
    else done(null, found[0]!.address, found[0]!.family)
  })
}

/** Rejects as the system does, which has the last word. */
async function addressesOf(name: string, options: LookupOptions): Promise<LookupAddress[]> {
  const bySystem = () => askSystem(name, { ...options, all: true })
  if (isForSystem(name)) return bySystem()
  const byDns = askDns(name, options)
  const soon = await Promise.race([byDns, delay(headStart, undefined, { ref: false })]).catch(() => undefined)
  if (soon) return soon
  const system = bySystem()
  return Promise.any([byDns, system]).catch(() => system)
}

/** What the DNS does not know, or does not decide: names of this network, and those that the user has pinned. */
const isForSystem = (name: string) => !name.includes('.') || name.endsWith('.local') || hosts().includes(name)

function hosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return ''
  }
}

async function askDns(name: string, { hints = 0 }: LookupOptions): Promise<LookupAddress[]> {
  // A new one reads the system's settings anew: a computer changes networks.
  const resolver = new Resolver()
  const none: LookupAddress[] = []
  const of = (family: 4 | 6) => (found: string[]) => found.map((address) => ({ address, family }))
  // As the system does: where there is no IPv6, its addresses would only take time from those that can be reached.
  const wantsSix = !(hints & ADDRCONFIG) || hasSix()
  const six = wantsSix ? resolver.resolve6(name).then(of(6), () => none) : none
  const four = await resolver.resolve4(name).then(of(4), () => none)
  const soon = four.length > 0 ? Promise.race([six, delay(grace, none, { ref: false })]) : six
  const found = [...four, ...(await soon)]
  if (found.length === 0) throw new Error(`${name} has no address`)
  return found
}

/** Beyond this computer and the network that it is in. */
const hasSix = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some((address) => address.family === 'IPv6' && !address.internal && address.scopeid === 0)
