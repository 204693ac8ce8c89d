/** The version of the installed dockerd, and the flags that its service gives to it, while no engine answers. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { DockerdFacts } from '../../model/daemon-config/faults.ts'
import type { HostEnvironment } from '../engine/index.ts'
import type { DaemonInstallation } from './environment.ts'

const timeoutMs = 5_000
const systemFolders = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export async function readDockerdFacts(
  { installation }: DaemonInstallation,
  { env }: HostEnvironment,
): Promise<DockerdFacts> {
  // The snap's dockerd cannot be run from outside.
  if (installation === 'snap') return {}
  const [program = 'dockerd', ...flags] = await readUnitCommand(installation === 'rootless', env)
  const path = [env['PATH'], systemFolders].filter(Boolean).join(':')
  const output = await run(program.endsWith('/dockerd') ? program : 'dockerd', ['--version'], { ...env, PATH: path })
  const major = /^Docker version (\d+)/.exec(output)?.[1]
  return { flags, ...(major !== undefined && { major: Number(major) }) }
}

async function readUnitCommand(isRootless: boolean, env: HostEnvironment['env']): Promise<readonly string[]> {
  if (!existsSync('/run/systemd/system')) return []
  const manager = isRootless ? ['--user'] : []
  const args = [...manager, 'show', '--property=ExecStart', '--value', 'docker.service']
  return parseExecStart(await run('/usr/bin/systemctl', args, env))
}

/** @returns program and arguments of a unit's ExecStart as `systemctl show` prints it; empty if there is none */
export const parseExecStart = (output: string): readonly string[] =>
  /\bargv\[\]=(.*?) ;/.exec(output)?.[1]?.split(' ').filter(Boolean) ?? []

/** @returns the program's output; empty if it cannot be run */
async function run(program: string, args: readonly string[], env: HostEnvironment['env']): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { env: { ...env }, timeout: timeoutMs })).stdout
  } catch {
    return ''
  }
}
