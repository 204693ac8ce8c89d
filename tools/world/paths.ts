/** Where a world and its engines lie, as inside.sh and setup.sh have laid them. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** 20.10 is Debian 12's, 26.1 Debian 13's; the newest comes from Debian testing, where it can be had. */
export const versions = ['20.10', '26.1', 'newest'] as const
export type Version = (typeof versions)[number]

export const enginesFolder =
  process.env['SLIPWAY_ENGINES'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'slipway/engines')

/** The folder of an engine's programs: dockerd, its containerd and runc, and the docker command of the same version. */
export const programs = (version: Version): string => join(enginesFolder, version, 'bin')

/** The exact version that was fetched, or nothing where it could not be. */
export function installed(version: Version): string | undefined {
  const file = join(enginesFolder, version, 'version')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** The registry's program. */
export const registryProgram = join(enginesFolder, 'registry/bin/docker-registry')

/** The program of the ssh server. */
export const sshdProgram = join(enginesFolder, 'sshd/bin/sshd')

export const insideWorld = (): boolean => process.env['SLIPWAY_WORLD'] !== undefined

/** The folder of the world that this process runs in. Outside of one nothing would clean up after a crash. */
export function worldFolder(): string {
  const folder = process.env['SLIPWAY_WORLD']
  if (folder === undefined) throw new Error('Engines run only in a world: tools/world/inside.sh COMMAND…')
  return folder
}
