/** What an engine can do. */
import type { EngineFacts } from '../../../preload/contract/index.ts'
import { compareVersions, measuresParts } from '../api/versions.ts'

export interface Capabilities extends EngineFacts {
  /** `/system/df` can be asked for images alone, without measuring every volume. */
  readonly imageDiskUse: boolean
  /**
   * Its events tell of every change. 20.10 and 26.1 build without a tag in silence, and 26.1's containerd store
   * prunes and imports so (tried).
   */
  readonly tellsAll: boolean
}

export interface Told {
  readonly version: string
  /** The newest that the engine offers. */
  readonly api: string
  readonly product: EngineFacts['product']
  readonly platform: string
  readonly rootDir: string
  readonly driverStatus: readonly (readonly string[])[]
  readonly mirrors?: readonly string[]
  readonly proxy?: string
}

export function capabilities({ driverStatus, api, mirrors = [], proxy = '', ...told }: Told): Capabilities {
  const containerd = driverStatus.some(
    ([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1',
  )
  return {
    ...told,
    api,
    ...(mirrors.length > 0 && { mirrors }),
    ...(proxy && { proxy }),
    store: containerd ? 'containerd' : 'classic',
    imageDiskUse: measuresParts(api),
    tellsAll: compareVersions(api, '1.48') >= 0,
  }
}
