import { formatMs, quantile, type Benchmark } from './benchmark.ts'
import { measureKey } from './page-work.ts'

const maxMs = 16
const runs = 20

export const select5000: Benchmark = {
  name: 'select-5000',
  description: 'a key that selects among 5,000 images → "frees X" in the DOM, with style and layout',
  async run(environment) {
    const app = await environment.openIdleList()
    try {
      await app.page.locator('[role=row][tabindex="0"]').focus()
      const durations: number[] = []
      for (let run = 0; run < runs; run++) {
        durations.push((await measureKey(app, 'Control+a')).ms)
        await measureKey(app, 'Escape')
        durations.push((await measureKey(app, 'Shift+PageDown')).ms, (await measureKey(app, 'Space')).ms)
      }
      const value = quantile(durations, 0.95)
      return [
        {
          name: 'select-5000',
          value,
          reference: null,
          goal: `p95 ≤ ${maxMs} ms`,
          pass: value <= maxMs,
          summary: `${formatMs(value)} (p95 of ${durations.length}: select all, a page, one), median ${formatMs(quantile(durations, 0.5))}`,
        },
      ]
    } finally {
      await app.close()
    }
  },
}
