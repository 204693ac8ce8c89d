import type { Page } from 'playwright-core'

/** A state of a screen that pictures are taken of. */
export interface Scene {
  readonly name: string
  /** An engine's socket other than the demo's. */
  readonly socket?: string
  /** Leads the window, whose list is drawn, to what is to be seen. */
  show(page: Page): Promise<void>
}
