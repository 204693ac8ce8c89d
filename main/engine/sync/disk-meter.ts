/** Measures the disk space that images use, as the engine reports it, and the free space on the same disk. */
import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bytes } from '../../../model/image/image.ts'
import type { DiskUse } from '../../../preload/contract/index.ts'
import { layersSize } from '../api/disk-usage.ts'
import type { EngineSession } from '../api/session.ts'

/** The engine needs as long for a measurement as for a list of images, so the changed images are read first. */
const debounceMs = 500
/** Minimum time between two measurements. */
const minIntervalMs = 1000
const maxRefusals = 5

/**
 * Measures after changes, one measurement at a time. Measurements are expensive, so each is followed by a pause of at
 * least four times its duration.
 * @returns a function to call after each change
 */
export function diskMeter(session: EngineSession, onMeasured: (diskUse: DiskUse) => void, signal: AbortSignal) {
  let pending = false
  let running = false
  let refusals = 0

  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined)

  async function run() {
    running = true
    while (pending) {
      await pause(debounceMs)
      if (signal.aborted) return
      pending = false
      const start = performance.now()
      const diskUse = await measure(session)
      if (signal.aborted) return
      // 20.10 refuses while it measures for another client.
      if (!diskUse) pending ||= refusals++ < maxRefusals
      else {
        refusals = 0
        onMeasured(diskUse)
      }
      await pause(Math.max(minIntervalMs - debounceMs, 4 * (performance.now() - start)))
    }
    running = false
  }

  return function onChange() {
    pending = true
    if (!running) void run()
  }
}

async function measure(session: EngineSession): Promise<DiskUse | undefined> {
  try {
    // Not repeated at once: a refusal means that the engine is already measuring, and `run` measures again later.
    const images = await layersSize(session, { repeats: false })
    const free = await freeDiskBytes(session)
    // Podman reports 0, which means unknown.
    return { ...(images > 0 && { images }), ...(free !== undefined && { free }) }
  } catch {
    // If the engine has stopped, the end of its event stream reports that. Otherwise `run` measures again: up to
    // `maxRefusals` times, then after the next change.
    return undefined
  }
}

/** If the engine uses the system's containerd service, the images are stored here, not in the engine's root directory. */
const systemContainerd = '/var/lib/containerd'

/**
 * Measures the free bytes on the disk where the engine stores images. The containerd store may be in one of two
 * directories, and the API does not report which, so the larger value is returned.
 * @returns undefined if the engine runs on another computer or in a virtual machine, or if its directory is unreadable
 */
export async function freeDiskBytes({ context, capabilities }: EngineSession): Promise<Bytes | undefined> {
  if (!context.local) return undefined
  const inRoot = await freeBytesIn(capabilities.rootDir)
  const inContainerd = capabilities.store === 'containerd' ? await freeBytesIn(systemContainerd) : undefined
  return inRoot === undefined || inContainerd === undefined ? inRoot : Math.max(inRoot, inContainerd)
}

async function freeBytesIn(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
