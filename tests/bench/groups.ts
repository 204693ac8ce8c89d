import type { Opened } from './opened-app.ts'
import { ms, quantile, type Measure } from './measure.ts'
import { pressed } from './page-work.ts'

const frame = 16

export const groups: Measure = {
  name: 'groups',
  what: '5,000 images in 800 groups: a group opened and closed, script, style and layout done',
  async run(stage) {
    const app = await stage.listAtRest()
    try {
      await app.page.locator('main').press('g')
      const tree = app.page.getByRole('treegrid')
      await tree.waitFor()
      await tree.locator('[role=row][aria-selected]').first().focus()
      const works = await folding(app)
      const value = quantile(works, 0.95)
      return [
        {
          name: 'groups',
          value,
          reference: null,
          goal: `p95 ≤ ${frame} ms`,
          pass: value <= frame,
          says: `${ms(value)} (p95 of ${works.length}), ${ms(quantile(works, 0.5))} in the middle`,
        },
      ]
    } finally {
      await app.close()
    }
  },
}

/** Each of the first groups is opened, some stay open, and the next is gone to. */
async function folding(app: Opened): Promise<number[]> {
  const works: number[] = []
  for (let group = 0; group < 40; group++) {
    works.push((await pressed(app, 'ArrowRight')).ms)
    works.push((await pressed(app, 'ArrowLeft')).ms)
    await app.page.keyboard.press('ArrowDown')
  }
  return works
}
