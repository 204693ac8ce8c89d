/** Finds strays: copies without a known removal, for example after the journal was lost, or from another computer. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ok, type Result, type StrayCopy } from '../../preload/contract/index.ts'
import type { Jobs } from '../jobs/index.ts'
import { jobIdPrefixIn } from './copies.ts'

/** @returns the strays, largest first. Copies of jobs that only a newer version of Slipway can read are not strays. */
export async function findStrays(jobs: Pick<Jobs, 'knownIds'>, folders: readonly string[]): Promise<StrayCopy[]> {
  const knownPrefixes = new Set(jobs.knownIds().map((id) => id.slice(0, 8)))
  const found: StrayCopy[] = []
  for (const folder of new Set(folders)) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const prefix = entry.isFile() ? jobIdPrefixIn(entry.name) : undefined
      if (prefix === undefined || knownPrefixes.has(prefix)) continue
      const file = join(folder, entry.name)
      const bytes = (await stat(file).catch(() => undefined))?.size
      if (bytes !== undefined) found.push({ file, bytes })
    }
  }
  return found.toSorted((a, b) => b.bytes - a.bytes)
}

/** Deletes the listed files that are still strays. @param listed the files that the window shows */
export async function deleteStrays(strays: readonly StrayCopy[], listed: readonly string[]): Promise<Result<void>> {
  const listedFiles = new Set(listed)
  for (const { file } of strays.filter((stray) => listedFiles.has(stray.file))) {
    try {
      await rm(file, { force: true })
    } catch (error) {
      return fail({ code: 'copy-not-deleted', file, detail: error instanceof Error ? error.message : String(error) })
    }
  }
  return ok(undefined)
}
