/** What an engine can do. The only place that compares versions. */
import type { EngineFacts } from '../../preload/contract/index.ts'

/** The newest API that Slipway was tried with; an engine that offers more is spoken to in this one. */
const newestApi = '1.51'
export const oldestApi = '1.40'

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
}

/** `1.9` comes before `1.40`. */
export function compareVersions(a: string, b: string): number {
  const [as, bs] = [a, b].map((version) => version.split('.').map(Number))
  for (let part = 0; part < Math.max(as!.length, bs!.length); part++) {
    const difference = (as![part] ?? 0) - (bs![part] ?? 0)
    if (difference) return difference
  }
  return 0
}

/** The API version to speak with an engine that offers `offered`; undefined where it is too old. */
export function agreedApi(offered: string): string | undefined {
  if (compareVersions(offered, oldestApi) < 0) return undefined
  return compareVersions(offered, newestApi) > 0 ? newestApi : offered
}

/** Whether `/system/df` can be asked for a part of the account. */
export const measuresParts = (api: string): boolean => compareVersions(api, '1.42') >= 0

/** Whether the containerd store's account of layers counts compressed content too (28.5 does, 26.1 does not: tried). */
export const countsContent = (api: string): boolean => compareVersions(api, '1.48') >= 0

/** Whether a search's answer tells which images were built automatically: later ones say false of all. */
export const tellsAutomated = (api: string): boolean => compareVersions(api, '1.45') < 0

export function capabilities({ driverStatus, api, ...told }: Told): Capabilities {
  const containerd = driverStatus.some(
    ([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1',
  )
  return {
    ...told,
    api,
    store: containerd ? 'containerd' : 'classic',
    imageDiskUse: measuresParts(api),
    tellsAll: compareVersions(api, '1.48') >= 0,
  }
}
