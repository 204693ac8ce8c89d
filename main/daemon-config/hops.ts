/** Follows the path of daemon.json, as the helper will. */
import { lstat, readlink } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { findUnsafeHop, type Hop } from '../../model/daemon-config/hops.ts'
import type { DaemonInstallation } from './environment.ts'

/** As many as the kernel follows. */
const maxLinks = 40

/** @returns the folder or link on the way to the file that other users could change; undefined if there is none */
export async function findUnsafePath({ file, installation }: DaemonInstallation): Promise<string | undefined> {
  const user = installation === 'rootless' ? process.getuid?.() : undefined
  return file === undefined ? undefined : findUnsafeHop(await readHops(file), user)
}

/** @returns the folders and links on the way to a file, up to the first that is missing or cannot be read */
export async function readHops(file: string): Promise<readonly Hop[]> {
  const hops: Hop[] = []
  let remaining = namesOf(file)
  let path = '/'
  let links = 0
  for (;;) {
    const stats = await lstat(path).catch(() => undefined)
    const isLink = stats?.isSymbolicLink() ?? false
    if (!stats || (!isLink && !stats.isDirectory())) return hops
    hops.push({ path, isLink, owner: stats.uid, mode: stats.mode & 0o7777 })
    if (isLink) {
      const target = await readlink(path).catch(() => undefined)
      if (target === undefined || ++links > maxLinks) return hops
      remaining = [...namesOf(target), ...remaining]
      path = isAbsolute(target) ? '/' : dirname(path)
      continue
    }
    const name = remaining.shift()
    if (name === undefined) return hops
    path = join(path, name)
  }
}

const namesOf = (path: string) => path.split('/').filter((name) => name !== '')
