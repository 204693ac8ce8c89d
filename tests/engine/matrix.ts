/**
 * The engines that everything must work on. CI runs each test on an old one of the classic store and on one of the
 * containerd store; `./dev test --matrix` runs it on all.
 */
import { readInstalledVersion } from '../../tools/world/paths.ts'
import type { EngineOptions } from '../../tools/world/engine.ts'

const oldest: EngineOptions = { version: '20.10', store: 'classic' }
const containerd: EngineOptions = { version: '26.1', store: 'containerd' }
const others: readonly EngineOptions[] = [
  { version: '26.1', store: 'classic' },
  { version: 'newest', store: 'classic' },
  { version: 'newest', store: 'containerd' },
]

const titled = (wish: EngineOptions) => ({ ...wish, title: `${wish.version} ${wish.store}` })
const here = ({ version }: EngineOptions) => version !== 'newest' || readInstalledVersion('newest') !== undefined

/** For what no engine does otherwise. */
export const anyOne = titled(containerd)
const two = [titled(oldest), anyOne]
/** All that can be had on this machine. */
export const allEngines = [...two, ...others.filter(here).map(titled)]
const whole = process.env['SLIPWAY_MATRIX'] === 'whole'
export const matrix = whole ? allEngines : two
export const missing = whole ? others.filter((wish) => !here(wish)).map((wish) => titled(wish).title) : []
