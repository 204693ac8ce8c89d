import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until `condition` is true. Checks it every 25 ms.
 * @throws if it is not true within `timeoutMs`
 */
export async function eventually(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  for (const start = Date.now(); Date.now() - start < timeoutMs; await delay(25)) if (await condition()) return
  throw new Error(`not true within ${timeoutMs} ms: ${condition.toString()}`)
}
