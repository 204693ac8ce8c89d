/** The engines that everything must work on. */
import { installed } from '../../tools/world/place.ts'
import type { EngineWish } from '../../tools/world/engine.ts'

const all: readonly EngineWish[] = [
  { version: '20.10', store: 'classic' },
  { version: '26.1', store: 'classic' },
  { version: '26.1', store: 'containerd' },
  { version: 'newest', store: 'classic' },
  { version: 'newest', store: 'containerd' },
]

const here = ({ version }: EngineWish) => version !== 'newest' || installed('newest') !== undefined

export const matrix = all.filter(here).map((wish) => ({ ...wish, title: `${wish.version} ${wish.store}` }))
/** For what no engine does otherwise. */
export const [, anyOne] = matrix
export const missing = all.filter((wish) => !here(wish)).map(({ version, store }) => `${version} ${store}`)
