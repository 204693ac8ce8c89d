/** Networks for containers. Engines in one world share its interfaces, so each has a bridge of its own. */
import { spawnSync } from 'node:child_process'

export function addBridge(name: string, number: number): void {
  ip('link', 'add', name, 'type', 'bridge')
  ip('address', 'add', `172.30.${number}.1/24`, 'dev', name)
  ip('link', 'set', name, 'up')
}

export const removeBridge = (name: string): void => ip('link', 'delete', name)

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
