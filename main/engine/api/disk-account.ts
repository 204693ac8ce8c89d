/** What fills the engine's disk, part by part. */
import * as v from 'valibot'
import type { DiskAccount, DiskPart } from '../../../preload/contract/index.ts'
import { diskAccount } from './replies.ts'

/** The engine measures containers and volumes file by file for this: it may take long. */
export async function readDiskAccount({ ask }: { ask(path: string): Promise<unknown> }): Promise<DiskAccount> {
  const { LayersSize, Images, Containers, Volumes, BuildCache } = v.parse(diskAccount, await ask('/system/df'))
  return {
    // Podman answers 0 for layers that take room: not known.
    ...(Images && (LayersSize > 0 || Images.length === 0) && { images: { count: Images.length, bytes: LayersSize } }),
    ...(Containers && { containers: part(Containers) }),
    ...(Volumes && { volumes: part(Volumes) }),
    ...(BuildCache && { buildCache: part(BuildCache) }),
  }
}

/** The engine writes -1 where it has not measured. */
const part = (sizes: readonly number[]): DiskPart => ({
  count: sizes.length,
  bytes: sizes.reduce((sum, size) => sum + Math.max(0, size), 0),
})
