import { formatMs, median, type Benchmark } from './benchmark.ts'
import type { OpenedApp } from './opened-app.ts'

const runs = 7
const maxDifferenceMs = 300

export const start: Benchmark = {
  name: 'start',
  description: '200 images: process started → first row in the DOM, against the same executable with an empty page',
  async run(environment) {
    const { socket } = await environment.engineWithImages('26.1', 200)
    const appTimes: number[] = []
    const emptyAppTimes: number[] = []
    // The first start of each app fills the machine's caches, so it does not count.
    await measureFirstRow(environment.openApp({ socket }))
    await measureFirstRow(environment.openEmptyApp())
    for (let run = 0; run < runs; run++) {
      appTimes.push(await measureFirstRow(environment.openApp({ socket })))
      emptyAppTimes.push(await measureFirstRow(environment.openEmptyApp()))
    }
    const [value, reference] = [median(appTimes), median(emptyAppTimes)]
    const difference = value - reference
    return [
      {
        name: 'start',
        value,
        reference,
        goal: `difference ≤ ${maxDifferenceMs} ms`,
        pass: difference <= maxDifferenceMs,
        summary: `${formatMs(value)}, ${formatMs(difference)} more than the empty page (${formatMs(reference)}; medians of ${runs})`,
      },
    ]
  },
}

/** @returns the ms from the start of the process until the first row is in the DOM */
async function measureFirstRow(opening: Promise<OpenedApp>): Promise<number> {
  const app = await opening
  try {
    return (await app.firstRow()) - app.startedAt
  } finally {
    await app.close()
  }
}
