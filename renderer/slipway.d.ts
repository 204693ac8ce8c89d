import type { Slipway } from '../preload/contract/index.ts'

declare global {
  /** Exposed by the preload script. */
  const slipway: Slipway
}
