/** Copies that belong to no removal that Slipway knows: its journal was lost, or they came with a folder from elsewhere. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ok, type Result, type StrayCopy } from '../../preload/contract/index.ts'
import type { Jobs } from '../jobs/index.ts'
import { copyOwner } from './copies.ts'

/** The largest first. A removal that only a newer version can read is known all the same. */
export async function findStrays(jobs: Pick<Jobs, 'knownIds'>, folders: readonly string[]): Promise<StrayCopy[]> {
  const known = new Set(jobs.knownIds().map((id) => id.slice(0, 8)))
  const found: StrayCopy[] = []
  for (const folder of new Set(folders)) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const owner = entry.isFile() ? copyOwner(entry.name) : undefined
      if (owner === undefined || known.has(owner)) continue
      const file = join(folder, entry.name)
      const bytes = (await stat(file).catch(() => undefined))?.size
      if (bytes !== undefined) found.push({ file, bytes })
    }
  }
  return found.toSorted((a, b) => b.bytes - a.bytes)
}

/** Deletes those of the files that the user was shown which belong to no removal still. */
export async function deleteStrays(strays: readonly StrayCopy[], shown: readonly string[]): Promise<Result<void>> {
  const wanted = new Set(shown)
  for (const { file } of strays.filter((each) => wanted.has(each.file))) {
    try {
      await rm(file, { force: true })
    } catch (error) {
      return fail({ code: 'copy-stays', file, detail: error instanceof Error ? error.message : String(error) })
    }
  }
  return ok(undefined)
}
