/** What there is to take pictures of: each screen in each of its states. */
import type { Page } from 'playwright-core'

export interface Scene {
  readonly name: string
  /** An engine's socket other than the demo's. */
  readonly socket?: string
  /** Leads the window, whose list is drawn, to what is to be seen. */
  show(page: Page): Promise<void>
}

const row = (page: Page, ...texts: string[]) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole('row')).first()

export const scenes: readonly Scene[] = [
  {
    name: 'images',
    show: async (page) => row(page, 'nginx', '1.27').click(),
  },
  {
    name: 'images-filtered',
    async show(page) {
      await page.getByRole('searchbox').fill('python')
      await page.keyboard.press('ArrowDown')
    },
  },
  {
    name: 'images-no-match',
    show: async (page) => page.getByRole('searchbox').fill('no-such-image'),
  },
  {
    name: 'menu',
    show: async (page) => page.keyboard.press('F10'),
  },
  {
    name: 'no-engine',
    socket: '/nowhere/docker.sock',
    async show() {},
  },
]
