/** Volumes: inspect. Source: Docker Engine API, VolumeInspect. */
import * as v from 'valibot'
import { find } from './request.ts'
import type { EngineSession } from './session.ts'

const volume = v.object({ Options: v.nullish(v.record(v.string(), v.string())) })

/**
 * @returns the path that a named volume leads to, if its driver has the option `device` with one; undefined for other
 * volumes, and if there is none of this name. Timeout: 10 s.
 */
export async function readVolumeDevice(session: EngineSession, name: string): Promise<string | undefined> {
  const found = await find(session, volume, { path: `/volumes/${encodeURIComponent(name)}` })
  const device = found?.Options?.['device']
  return device?.startsWith('/') ? device : undefined
}
