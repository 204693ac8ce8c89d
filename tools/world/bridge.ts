/** Networks for containers. Engines in one world share its interfaces, so each has a bridge of its own. */
import { spawnSync } from 'node:child_process'

export function addBridge(name: string, number: number): void {
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', `172.30.${number}.1/24`, 'dev', name)
  ip('link', 'set', name, 'up')
}

export const removeBridge = (name: string): void => ip('link', 'delete', name)

/** Gives this world IPv6, as far as the computer's own interfaces tell. */
export function addIpv6(name: string): void {
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', 'fd00::1/64', 'dev', name)
  ip('link', 'set', name, 'up')
}

/** Makes an address of this world at which nobody is: a connection to it is neither taken nor refused. Gives it. */
export function addVoid(name: string, number: number): string {
  const address = `172.31.${number}.2`
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', `172.31.${number}.1/24`, 'dev', name)
  ip('link', 'set', name, 'up')
  // Without a known neighbour the kernel would look for one, and soon say that there is none.
  ip('neighbour', 'add', address, 'lladdr', '02:00:00:00:00:01', 'dev', name)
  return address
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
