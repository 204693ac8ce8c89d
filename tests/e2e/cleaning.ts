/** What the stories of removals share: an engine of each one's own, the sheet with the plan, Activity. */
import type { Engine } from '../../tools/world/engine.ts'
import { test as base, withDemo, type Slipway } from './slipway.ts'

/** An engine of each test's own: what is removed in one is not missing in the next. */
export const test = base.extend<{ own: Engine; app: Slipway }>({
  own: async ({}, use) => withDemo(use),
  app: async ({ open, own }, use) => use(await open({ socket: own.socket })),
})

export const sheet = (app: Slipway) => app.page.getByRole('dialog')
export const part = (app: Slipway, name: string) => sheet(app).getByRole('region', { name })
export const job = (app: Slipway, name: RegExp) => app.page.getByRole('article', { name })

export async function toActivity(app: Slipway) {
  await app.page.getByRole('link', { name: 'Activity' }).click()
}
