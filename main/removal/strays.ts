/** Finds strays: copies of no known removal, because the journal was lost or the folder comes from another computer. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ok, type Result, type StrayCopy } from '../../preload/contract/index.ts'
import type { Jobs } from '../jobs/index.ts'
import { copyOwner } from './copies.ts'

/** @returns the strays, largest first. Copies of jobs that only a newer version of Slipway can read are not strays. */
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

/** Deletes the shown files that are still strays. @param shown the files that the window listed */
export async function deleteStrays(strays: readonly StrayCopy[], shown: readonly string[]): Promise<Result<void>> {
  const shownFiles = new Set(shown)
  for (const { file } of strays.filter((stray) => shownFiles.has(stray.file))) {
    try {
      await rm(file, { force: true })
    } catch (error) {
      return fail({ code: 'copy-not-deleted', file, detail: error instanceof Error ? error.message : String(error) })
    }
  }
  return ok(undefined)
}
