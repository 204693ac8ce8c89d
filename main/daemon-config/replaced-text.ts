/** The text that a change has replaced: whether it can be restored, and where the helper keeps a faulty one. */
import { existsSync } from 'node:fs'
import { readDaemonFile, type FileFaultCode } from '../../model/daemon-config/file.ts'
import type { MirrorChange } from '../../preload/contract/index.ts'
import type { DaemonFileAccess, FileContent } from './access.ts'

/** Faults of texts that are JSON, which the helper restores. */
const restorableFaults: readonly FileFaultCode[] = ['bom', 'key-case', 'wrong-type', 'huge']

/** Whether the helper restores this text (resources/helper, change.py: a backup must be JSON). */
export function isRestorable({ text }: FileContent): boolean {
  const file = readDaemonFile(text)
  return file.ok || restorableFaults.includes(file.fault.code)
}

/** @returns where the helper keeps a copy of a text that is not JSON, beside the file */
export async function faultyText(
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  { hash = '' }: FileContent,
): Promise<NonNullable<MirrorChange['faulty']>> {
  const copy = `${await resolvePath()}.faulty-${hash.slice(0, 12)}`
  return existsSync(copy) ? { keptAs: copy } : {}
}
