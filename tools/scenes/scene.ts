import type { Page } from 'playwright-core'

/** A state of a screen that pictures are taken of. */
export interface Scene {
  readonly name: string
  /** An engine's socket other than the demo's. */
  readonly socket?: string
  /** The scene leaves the app for a page of its own, which is taken from top to bottom. */
  readonly wholePage?: boolean
  /** Leads the window, whose list is drawn, to what is to be seen. */
  show(page: Page): Promise<void>
}

/** The first row that holds all of the texts. */
export const row = (page: Page, ...texts: string[]) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole('row')).first()
