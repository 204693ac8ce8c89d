/** Measures the work that an input causes in the page, with page-helpers.js. */
import type { OpenedApp } from './opened-app.ts'

export interface Work {
  readonly ms: number
  /** Rows in the DOM after the work. */
  readonly rows: number
}

/** The first and the last event that one task handles. */
type TaskEvents = readonly [firstEvent: string, lastEvent: string]

/** Measures the work that `act` causes in the given tasks, and in the scrolling that follows. */
export async function measureWork(
  { page }: OpenedApp,
  tasks: readonly TaskEvents[],
  act: () => Promise<void>,
): Promise<Work> {
  await page.evaluate(`void (bench.pending = bench.measureWork(${JSON.stringify(tasks)}))`)
  await act()
  return await page.evaluate<Work>('bench.pending')
}

/** Presses the key and measures the work that this causes. */
export const measureKey = (app: OpenedApp, key: string): Promise<Work> =>
  measureWork(app, [['keydown', 'keydown']], () => app.page.keyboard.press(key))
