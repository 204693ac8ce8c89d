import { median, ms, type Measure } from './measure.ts'
import type { Opened } from './opened-app.ts'

const runs = 7
const bound = 300

export const start: Measure = {
  name: 'start',
  what: '200 images: process started → first row in the DOM, against the same launcher with an empty page',
  async run(stage) {
    const { socket } = await stage.engine('26.1', 200)
    const own: number[] = []
    const empty: number[] = []
    // The first of each fills the caches of the machine.
    await firstRow(stage.app({ socket }))
    await firstRow(stage.emptyApp())
    for (let run = 0; run < runs; run++) {
      own.push(await firstRow(stage.app({ socket })))
      empty.push(await firstRow(stage.emptyApp()))
    }
    const [value, reference] = [median(own), median(empty)]
    const difference = value - reference
    return [
      {
        name: 'start',
        value,
        reference,
        goal: `difference ≤ ${bound} ms`,
        pass: difference <= bound,
        says: `${ms(value)}, ${ms(difference)} more than the empty page (${ms(reference)}; medians of ${runs})`,
      },
    ]
  },
}

async function firstRow(opening: Promise<Opened>): Promise<number> {
  const app = await opening
  try {
    return (await app.firstRow()) - app.started
  } finally {
    await app.close()
  }
}
