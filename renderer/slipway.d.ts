import type { Slipway } from '../preload/contract/index.ts'

declare global {
  /** Put there by the bridge, before the page runs. */
  const slipway: Slipway
}
