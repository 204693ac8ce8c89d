/** Fixtures of the tests that remove things: a new engine for each test, the sheet with the plan, and Activity. */
import type { Engine } from '../../tools/world/engine.ts'
import { test as base, withDemoEngine, type Slipway } from './slipway.ts'

/** Each test gets a new engine, so a test may remove images that another test needs. */
export const test = base.extend<{ engine: Engine; app: Slipway }>({
  engine: async ({}, use) => withDemoEngine(use),
  app: async ({ open, engine }, use) => use(await open({ socket: engine.socket })),
})

export const sheet = (app: Slipway) => app.page.getByRole('dialog')
export const section = (app: Slipway, name: string) => sheet(app).getByRole('region', { name })
export const jobCard = (app: Slipway, name: RegExp) => app.page.getByRole('article', { name })

export async function openActivity(app: Slipway) {
  await app.page.getByRole('link', { name: 'Activity' }).click()
}
