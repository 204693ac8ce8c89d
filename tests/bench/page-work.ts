/** The work that an input makes in the page, by page.js. */
import type { Opened } from './opened-app.ts'

export interface Work {
  readonly ms: number
  readonly rows: number
}

type Piece = readonly [firstEvent: string, lastEvent: string]

/** Of what `act` does, in pieces of one task each. */
export async function measured({ page }: Opened, pieces: readonly Piece[], act: () => Promise<void>): Promise<Work> {
  await page.evaluate(`void (bench.pending = bench.work(${JSON.stringify(pieces)}))`)
  await act()
  return await page.evaluate<Work>('bench.pending')
}

/** Of a key pressed where the focus is. */
export const pressed = (app: Opened, key: string): Promise<Work> =>
  measured(app, [['keydown', 'keydown']], () => app.page.keyboard.press(key))
