import type { Page } from 'playwright-core'

/** A state of a screen that `./dev pictures` takes pictures of. */
export interface Scene {
  readonly name: string
  /** The socket of an engine other than the demo's. */
  readonly socket?: string
  /**
   * Prepares files and sockets. @returns variables for the app, which select its engine. `demoSocket`: of the demo's engine
   */
  readonly prepare?: (demoSocket: string) => Promise<Readonly<Record<string, string>>>
  /** The app's main script, if not the built one. */
  readonly main?: string
  /** The scene shows its own page instead of the app; the picture covers the whole page. */
  readonly wholePage?: boolean
  /** Changes the computer before the app starts. @returns a function that undoes this */
  arrange?(): () => void
  /** Brings the window, whose list is already drawn, into the state of the scene. */
  show(page: Page): Promise<void>
}

/** @returns the first row that contains all of the texts */
export const row = (page: Page, ...texts: string[]) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole('row')).first()
