/** Network bridges. Engines in one world share its network interfaces, so each engine needs its own bridge. */
import { spawnSync } from 'node:child_process'

/** Adds a bridge with the subnet 172.30.NUMBER.0/24. */
export function addBridge(name: string, number: number): void {
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', `172.30.${number}.1/24`, 'dev', name)
  ip('link', 'set', name, 'up')
}

export const removeBridge = (name: string): void => ip('link', 'delete', name)

/** Adds an interface with an IPv6 address, so that programs in this world assume that IPv6 works. */
export function addIpv6(name: string): void {
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', 'fd00::1/64', 'dev', name)
  ip('link', 'set', name, 'up')
}

/** @returns an address to which connections are neither accepted nor refused. Remove it with `removeBridge`. */
export function addUnreachableAddress(name: string, number: number): string {
  const address = `172.31.${number}.2`
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', `172.31.${number}.1/24`, 'dev', name)
  ip('link', 'set', name, 'up')
  // Without this fixed neighbour, ARP would find none and the kernel would soon report that the host is unreachable.
  ip('neighbour', 'add', address, 'lladdr', '02:00:00:00:00:01', 'dev', name)
  return address
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
