import type { OpenedApp } from './opened-app.ts'
import { formatMs, quantile, type Benchmark } from './benchmark.ts'
import { measureKey } from './page-work.ts'

const maxMs = 16

export const groups: Benchmark = {
  name: 'groups',
  description: '5,000 images in 800 groups: script, style and layout for opening or closing a group',
  async run(environment) {
    const app = await environment.openIdleList()
    try {
      await app.page.locator('main').press('g')
      const tree = app.page.getByRole('treegrid')
      await tree.waitFor()
      await tree.locator('[role=row][aria-selected]').first().focus()
      const durations = await openAndCloseGroups(app)
      const value = quantile(durations, 0.95)
      return [
        {
          name: 'groups',
          value,
          reference: null,
          goal: `p95 ≤ ${maxMs} ms`,
          pass: value <= maxMs,
          summary: `${formatMs(value)} (p95 of ${durations.length}), median ${formatMs(quantile(durations, 0.5))}`,
        },
      ]
    } finally {
      await app.close()
    }
  },
}

/** Opens and closes a group and moves down, 40 times. @returns the ms of each opening and closing */
async function openAndCloseGroups(app: OpenedApp): Promise<number[]> {
  const durations: number[] = []
  for (let group = 0; group < 40; group++) {
    durations.push((await measureKey(app, 'ArrowRight')).ms)
    durations.push((await measureKey(app, 'ArrowLeft')).ms)
    await app.page.keyboard.press('ArrowDown')
  }
  return durations
}
