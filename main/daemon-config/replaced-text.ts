/** Where the helper keeps a text that was replaced and is not JSON. */
import { existsSync } from 'node:fs'
import type { MirrorChange } from '../../preload/contract/index.ts'
import type { DaemonFileAccess, FileContent } from './access.ts'

/** @returns where the helper keeps a copy of a text that is not JSON, beside the file */
export async function faultyText(
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  { hash = '' }: Pick<FileContent, 'hash'>,
): Promise<NonNullable<MirrorChange['faulty']>> {
  const copy = `${await resolvePath()}.faulty-${hash.slice(0, 12)}`
  return existsSync(copy) ? { keptAs: copy } : {}
}
