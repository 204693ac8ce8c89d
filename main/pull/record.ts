/** What was pulled, from where, is written down: an engine forgets it with the image. */
import type { LedgerStore, PullEntry } from '../store/index.ts'

/** So many pulls are remembered. */
const most = 500

export function recordPull(ledger: LedgerStore, { reference, image, digest, endpoint }: Omit<PullEntry, 'at'>) {
  const at = Math.floor(Date.now() / 1000)
  const entry = { reference, image, endpoint, at, ...(digest !== undefined && { digest }) }
  ledger.write({ ...ledger.value, pulls: [entry, ...ledger.value.pulls].slice(0, most) })
}
