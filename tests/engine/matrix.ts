/**
 * The engines that the engine tests run on: by default an old engine with the classic store and an engine with the
 * containerd store; with `./dev test --matrix` all five, or three if the newest version is not installed.
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

const withTitle = (options: EngineOptions) => ({ ...options, title: `${options.version} ${options.store}` })
const isAvailable = ({ version }: EngineOptions) => version !== 'newest' || readInstalledVersion('newest') !== undefined

/** The engine for tests of behaviour that is the same on every engine. */
export const anyEngine = withTitle(containerd)
const defaultEngines = [withTitle(oldest), anyEngine]
/** All engines that are installed on this machine. */
export const allEngines = [...defaultEngines, ...others.filter(isAvailable).map(withTitle)]
const runsAll = process.env['SLIPWAY_MATRIX'] === 'whole'
export const matrix = runsAll ? allEngines : defaultEngines
/** Titles of the engines of the full matrix that are not installed on this machine. */
export const missingEngines = runsAll
  ? others.filter((options) => !isAvailable(options)).map((options) => withTitle(options).title)
  : []
