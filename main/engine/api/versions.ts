/** Capabilities that depend on the API version. */
import type { EngineFacts } from '../../../preload/contract/index.ts'

/** The newest API version that Slipway was tested with. With newer engines, Slipway uses this version. */
const newestApi = '1.51'
export const oldestApi = '1.40'

/** @returns a negative number if `a` is older than `b`; 0 if they are equal. `1.9` is older than `1.40`. */
export function compareVersions(a: string, b: string): number {
  const [as, bs] = [a, b].map((version) => version.split('.').map(Number))
  for (let part = 0; part < Math.max(as!.length, bs!.length); part++) {
    const difference = (as![part] ?? 0) - (bs![part] ?? 0)
    if (difference) return difference
  }
  return 0
}

/** @returns the API version to use with an engine whose newest version is `offered`; undefined if that is too old */
export function agreedApi(offered: string): string | undefined {
  if (compareVersions(offered, oldestApi) < 0) return undefined
  return compareVersions(offered, newestApi) > 0 ? newestApi : offered
}

/** Whether `/system/df` can return a single part, such as images. */
export const filtersDiskUsageByType = (api: string): boolean => compareVersions(api, '1.42') >= 0

/** Whether the containerd store's `LayersSize` includes compressed content. Tested: it does in 28.5, not in 26.1. */
export const layersSizeIncludesContent = (api: string): boolean => compareVersions(api, '1.48') >= 0

/** Whether a search reports which images are automated builds. Later API versions report false for all. */
export const reportsAutomatedBuilds = (api: string): boolean => compareVersions(api, '1.45') < 0

/**
 * Whether `/build/prune` with an id removes only that record. 19.03 (API 1.40) would remove all records, because it
 * combines the id with a filter that every record passes (moby builder/builder-next/builder.go, 19.03). Podman does not
 * have the endpoint.
 */
export const supportsCacheRemovalById = ({ product, api }: Pick<EngineFacts, 'product' | 'api'>): boolean =>
  product === 'Docker' && compareVersions(api, '1.41') >= 0

/**
 * Whether the engine's events report every change. 20.10 and 26.1 send no event for a build without a tag; 26.1 with the
 * containerd store sends no event for prunes and imports (tested).
 */
export const reportsAllChanges = (api: string): boolean => compareVersions(api, '1.48') >= 0

/** Whether containers can mount images. */
export const mountsImages = (api: string): boolean => compareVersions(api, '1.48') >= 0
