import type { Opened } from './opened-app.ts'
import { ms, quantile, type Measure } from './measure.ts'
import { measured, pressed, type Work } from './page-work.ts'

const frame = 16
const mostRows = 100

/** Words of the measured images' names and tags, each of which some have. */
const words = ['batch-worker', 'ghcr.io', 'team-2 api', 'latest', 'hook-queue 1.3', 'registry', 'sha256:4']
const moves = [
  ...Array.from({ length: 60 }, () => 'ArrowDown'),
  ...Array.from({ length: 20 }, () => 'PageDown'),
  ...Array.from({ length: 30 }, () => 'ArrowUp'),
  ...['End', 'Home', 'End', 'PageUp', 'PageUp', 'Home'],
]

export const filterPaint: Measure = {
  name: 'filter-paint',
  what: 'a key in the filter, a step in the list, a click on a row → script, style and layout done, 5,000 images',
  async run(stage) {
    const app = await stage.listAtRest()
    try {
      const typed = await typing(app)
      const moved = await moving(app)
      const clicked = await clicking(app)
      const all = [typed, moved, clicked]
      const p95 = (works: readonly Work[]) =>
        quantile(
          works.map((work) => work.ms),
          0.95,
        )
      const value = Math.max(...all.map(p95))
      const rows = Math.max(...all.flat().map((work) => work.rows))
      return [
        {
          name: 'filter-paint',
          value,
          reference: null,
          goal: `p95 ≤ ${frame} ms, < ${mostRows} rows in the DOM`,
          pass: value <= frame && rows < mostRows,
          says: [
            `${ms(p95(typed))} a key in the filter (p95 of ${typed.length})`,
            `${ms(p95(moved))} a step in the list (of ${moved.length})`,
            `${ms(p95(clicked))} a click on a row (of ${clicked.length})`,
            `${rows} rows in the DOM at most`,
          ].join(', '),
        },
      ]
    } finally {
      await app.close()
    }
  },
}

/** Words typed and taken away again letter by letter. */
async function typing(app: Opened): Promise<Work[]> {
  await app.page.getByRole('searchbox').focus()
  const works: Work[] = []
  for (const word of words) {
    const keys = [...word, ...Array.from(word, () => 'Backspace')]
    for (const key of keys) works.push(await measured(app, [['keydown', 'input']], () => app.page.keyboard.press(key)))
  }
  return works
}

async function moving(app: Opened): Promise<Work[]> {
  // From the filter to the list.
  await app.page.keyboard.press('Enter')
  const works: Work[] = []
  for (const key of moves) works.push(await pressed(app, key))
  return works
}

/** On rows here and there in view, so that each click goes to another. */
async function clicking(app: Opened): Promise<Work[]> {
  const { x, y, width, height } = (await app.page.getByRole('grid').boundingBox())!
  const works: Work[] = []
  for (let click = 0; click < 60; click++) {
    const [across, down] = [x + width / 2, y + 50 + (((click * 7) % 10) / 10) * (height - 80)]
    const pieces = [
      ['mousedown', 'mousedown'],
      ['click', 'click'],
    ] as const
    works.push(await measured(app, pieces, () => app.page.mouse.click(across, down)))
  }
  return works
}
