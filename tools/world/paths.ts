/** Paths of the world and of the engines, as created by inside.sh and engines.sh. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** 20.10 is from Debian 12, 26.1 from Debian 13, the newest from Debian testing if it could be downloaded. */
export const versions = ['20.10', '26.1', 'newest'] as const
export type Version = (typeof versions)[number]

export const enginesFolder =
  process.env['SLIPWAY_ENGINES'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'slipway/engines')

/** The folder of an engine's programs: dockerd, containerd, runc, and the docker CLI of the same version. */
export const programs = (version: Version): string => join(enginesFolder, version, 'bin')

/** @returns the exact version, such as `20.10.24`; undefined if the engine is not downloaded */
export function readInstalledVersion(version: Version): string | undefined {
  const file = join(enginesFolder, version, 'version')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

export const podmanFolder = join(enginesFolder, 'podman')

export const registryProgram = join(enginesFolder, 'registry/bin/docker-registry')

export const sshdProgram = join(enginesFolder, 'sshd/bin/sshd')

/** Login shells besides bash and dash, and their libraries; missing where they could not be downloaded. */
export const shellsFolder = join(enginesFolder, 'shells')

export const isInsideWorld = (): boolean => process.env['SLIPWAY_WORLD'] !== undefined

/** The folder of this process's world. Throws outside of a world, where nothing would clean up after a crash. */
export function worldFolder(): string {
  const folder = process.env['SLIPWAY_WORLD']
  if (folder === undefined) throw new Error('Engines run only in a world: tools/world/inside.sh COMMAND…')
  return folder
}
