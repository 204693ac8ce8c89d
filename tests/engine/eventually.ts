import { setTimeout as delay } from 'node:timers/promises'

/** Waits until a condition holds: events take a moment to arrive. */
export async function eventually(holds: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  for (const start = Date.now(); Date.now() - start < patience; await delay(25)) if (await holds()) return
  throw new Error(`did not come true within ${patience} ms: ${holds.toString()}`)
}
