/** Derives an engine's capabilities from its version and settings. */
import type { EngineFacts } from '../../../preload/contract/index.ts'
import type { Capabilities } from '../api/session.ts'
import { filtersDiskUsageByType, mountsImages, reportsAllChanges } from '../api/versions.ts'

interface DaemonInfo {
  readonly version: string
  /** The API version in use. */
  readonly api: string
  readonly product: EngineFacts['product']
  readonly platform: string
  readonly rootDir: string
  readonly driverStatus: readonly (readonly string[])[]
  readonly mirrors?: readonly string[]
  readonly proxy?: string
}

export function capabilities({ driverStatus, api, mirrors = [], proxy = '', ...rest }: DaemonInfo): Capabilities {
  const usesContainerd = driverStatus.some(
    ([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1',
  )
  return {
    ...rest,
    api,
    ...(mirrors.length > 0 && { mirrors }),
    ...(proxy && { proxy }),
    store: usesContainerd ? 'containerd' : 'classic',
    filtersDiskUsage: filtersDiskUsageByType(api),
    reportsAllChanges: reportsAllChanges(api),
    mountsImages: mountsImages(api),
  }
}
