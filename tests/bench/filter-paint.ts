import type { OpenedApp } from './opened-app.ts'
import { formatMs, quantile, type Benchmark } from './benchmark.ts'
import { measureKey, measureWork, type Work } from './page-work.ts'

const maxMs = 16
const maxRows = 100

/** Texts to type into the filter. Each matches the names, tags or ids of some images. */
const filterTexts = ['batch-worker', 'ghcr.io', 'team-2 api', 'latest', 'hook-queue 1.3', 'registry', 'sha256:4']
const navigationKeys = [
  ...Array.from({ length: 60 }, () => 'ArrowDown'),
  ...Array.from({ length: 20 }, () => 'PageDown'),
  ...Array.from({ length: 30 }, () => 'ArrowUp'),
  ...['End', 'Home', 'End', 'PageUp', 'PageUp', 'Home'],
]

export const filterPaint: Benchmark = {
  name: 'filter-paint',
  description: '5,000 images: script, style and layout for a key in the filter, a key in the list, a click on a row',
  async run(environment) {
    const app = await environment.openIdleList()
    try {
      const typing = await typeInFilter(app)
      const navigation = await navigateList(app)
      const clicks = await clickRows(app)
      const all = [typing, navigation, clicks]
      const p95 = (samples: readonly Work[]) =>
        quantile(
          samples.map((work) => work.ms),
          0.95,
        )
      const value = Math.max(...all.map(p95))
      const rows = Math.max(...all.flat().map((work) => work.rows))
      return [
        {
          name: 'filter-paint',
          value,
          reference: null,
          goal: `p95 ≤ ${maxMs} ms, < ${maxRows} rows in the DOM`,
          pass: value <= maxMs && rows < maxRows,
          summary: [
            `${formatMs(p95(typing))} for a key in the filter (p95 of ${typing.length})`,
            `${formatMs(p95(navigation))} for a key in the list (of ${navigation.length})`,
            `${formatMs(p95(clicks))} for a click on a row (of ${clicks.length})`,
            `at most ${rows} rows in the DOM`,
          ].join(', '),
        },
      ]
    } finally {
      await app.close()
    }
  },
}

/** Types each text and deletes it again, letter by letter. */
async function typeInFilter(app: OpenedApp): Promise<Work[]> {
  await app.page.getByRole('searchbox').focus()
  const samples: Work[] = []
  for (const text of filterTexts) {
    const keys = [...text, ...Array.from(text, () => 'Backspace')]
    for (const key of keys)
      samples.push(await measureWork(app, [['keydown', 'input']], () => app.page.keyboard.press(key)))
  }
  return samples
}

async function navigateList(app: OpenedApp): Promise<Work[]> {
  // Enter moves the focus from the filter to the list.
  await app.page.keyboard.press('Enter')
  const samples: Work[] = []
  for (const key of navigationKeys) samples.push(await measureKey(app, key))
  return samples
}

/** Clicks on visible rows, each time on another one. */
async function clickRows(app: OpenedApp): Promise<Work[]> {
  const { x, y, width, height } = (await app.page.getByRole('grid').boundingBox())!
  const samples: Work[] = []
  for (let click = 0; click < 60; click++) {
    const [clickX, clickY] = [x + width / 2, y + 50 + (((click * 7) % 10) / 10) * (height - 80)]
    const tasks = [
      ['mousedown', 'mousedown'],
      ['click', 'click'],
    ] as const
    samples.push(await measureWork(app, tasks, () => app.page.mouse.click(clickX, clickY)))
  }
  return samples
}
