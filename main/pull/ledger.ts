/** Records pulls in the ledger, because an engine forgets them when the image is removed. */
import type { LedgerStore, PullEntry } from '../store/index.ts'

/** Older pulls are dropped. */
const maxPulls = 500

export function recordPull(ledger: LedgerStore, { reference, image, digest, endpoint }: Omit<PullEntry, 'at'>) {
  const at = Math.floor(Date.now() / 1000)
  const entry = { reference, image, endpoint, at, ...(digest !== undefined && { digest }) }
  ledger.write({ ...ledger.value, pulls: [entry, ...ledger.value.pulls].slice(0, maxPulls) })
}
