import type { Slipway } from '../preload/contract/index.ts'

declare global {
  /** The API that the preload script exposes to the page. */
  const slipway: Slipway
}
