/** What an engine can do by the version of its API. The only place that compares versions. */
import type { EngineFacts } from '../../../preload/contract/index.ts'

/** The newest API that Slipway was tried with; an engine that offers more is spoken to in this one. */
const newestApi = '1.51'
export const oldestApi = '1.40'

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

/**
 * Whether `/build/prune` removes just the record whose id is given. 19.03 (1.40) joins the filter with one that every
 * record passes, and would remove all (read: moby builder/builder-next/builder.go, 19.03). Podman has no such call.
 */
export const removesCacheById = ({ product, api }: Pick<EngineFacts, 'product' | 'api'>): boolean =>
  product === 'Docker' && compareVersions(api, '1.41') >= 0
