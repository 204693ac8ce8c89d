import { ms, quantile, type Measure } from './measure.ts'
import { measured, pressed } from './page-work.ts'

/** Two frames. */
const bound = 16
const runs = 20

export const select5000: Measure = {
  name: 'select-5000',
  what: 'a key that selects among 5,000 images → "frees X" in the DOM, style and layout done',
  async run(stage) {
    const app = await stage.listAtRest()
    try {
      await app.page.locator('[role=row][tabindex="0"]').focus()
      const works: number[] = []
      for (let run = 0; run < runs; run++) {
        works.push((await pressed(app, 'Control+a')).ms)
        await measured(app, [['keydown', 'keydown']], () => app.page.keyboard.press('Escape'))
        works.push((await pressed(app, 'Shift+PageDown')).ms, (await pressed(app, 'Space')).ms)
      }
      const value = quantile(works, 0.95)
      return [
        {
          name: 'select-5000',
          value,
          reference: null,
          goal: `p95 ≤ ${bound} ms`,
          pass: value <= bound,
          says: `${ms(value)} (p95 of ${works.length}: all of them, a page more, one), ${ms(quantile(works, 0.5))} in the middle`,
        },
      ]
    } finally {
      await app.close()
    }
  },
}
