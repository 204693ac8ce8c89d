/** The engine's disk usage, for the disk dialog. */
import type { DiskAccount, DiskPart } from '../../../preload/contract/index.ts'
import { diskAccount } from './replies.ts'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'
import { removesCacheById } from './versions.ts'

/** Slow: the engine measures containers and volumes file by file. Timeout: 2 min. */
export async function readDiskAccount(session: EngineSession): Promise<DiskAccount> {
  const { LayersSize, Images, Containers, Volumes, BuildCache } = await ask(session, diskAccount, {
    path: '/system/df',
    timeoutMs: 120_000,
  })
  return {
    // Podman reports 0 for layers that take space, which means unknown.
    ...(Images && (LayersSize > 0 || Images.length === 0) && { images: { count: Images.length, bytes: LayersSize } }),
    ...(Containers && { containers: part(Containers) }),
    ...(Volumes && { volumes: part(Volumes) }),
    ...(BuildCache && { buildCache: part(BuildCache) }),
    ...(removesCacheById(session.capabilities) && { removesCache: true }),
  }
}

/** The engine reports -1 for a size that it has not measured. */
const part = (sizes: readonly number[]): DiskPart => ({
  count: sizes.length,
  bytes: sizes.reduce((sum, size) => sum + Math.max(0, size), 0),
})
