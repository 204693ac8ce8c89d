/** What images take on the disk, by the engine's own account, and what is free there. */
import { statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { Bytes } from '../../../model/image/image.ts'
import type { DiskUse } from '../../../preload/contract/index.ts'
import type { EngineSession } from '../api/session.ts'
import type { Connection } from '../connect/connection.ts'
import { diskUse } from '../api/replies.ts'

/** The engine works on the answer as long as on the list itself, so what has just changed is drawn first. */
const patience = 500
const mostRefusals = 5

/** Asks when told that something changed, never twice at once, and rests after each answer: the question is dear. */
export function diskMeter(connection: Connection, measured: (use: DiskUse) => void, signal: AbortSignal) {
  let wanted = false
  let running = false
  let refused = 0

  const rest = (time: number) => delay(time, undefined, { signal }).catch(() => undefined)

  async function run() {
    running = true
    while (wanted) {
      await rest(patience)
      if (signal.aborted) return
      wanted = false
      const start = performance.now()
      const use = await measure(connection)
      if (signal.aborted) return
      // 20.10 refuses while somebody else has it measured.
      if (!use) wanted ||= refused++ < mostRefusals
      else {
        refused = 0
        measured(use)
      }
      await rest(Math.max(1000 - patience, 4 * (performance.now() - start)))
    }
    running = false
  }

  return function changed() {
    wanted = true
    if (!running) void run()
  }
}

async function measure(connection: Connection): Promise<DiskUse | undefined> {
  try {
    const query = connection.capabilities.imageDiskUse ? { type: 'image' } : {}
    const { LayersSize } = v.parse(diskUse, await connection.ask('/system/df', query))
    const free = await freeBytes(connection)
    // Podman answers 0: not known.
    return { ...(LayersSize > 0 && { images: LayersSize }), ...(free !== undefined && { free }) }
  } catch {
    // Whether the engine is away is told by the stream of its events; an account that failed is asked for at the next change.
    return undefined
  }
}

/** A containerd of the system's own keeps images here, outside the engine's root directory. */
const systemContainerd = '/var/lib/containerd'

/**
 * What is free where the engine keeps images. With the containerd store that may be in two places, and no answer of the
 * engine tells which: the one with more room counts.
 * @returns undefined for an engine that is not on this computer, or in a virtual machine
 */
export async function freeBytes({ context, capabilities }: EngineSession): Promise<Bytes | undefined> {
  if (!context.local) return undefined
  const free = await freeUnder(capabilities.rootDir)
  const other = capabilities.store === 'containerd' ? await freeUnder(systemContainerd) : undefined
  return free === undefined || other === undefined ? free : Math.max(free, other)
}

async function freeUnder(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
