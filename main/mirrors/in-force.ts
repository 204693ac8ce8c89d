/** Checks the mirrors that the engine uses, without a job: at most once a week, and when a pull from Docker Hub fails. */
import { canonicalAddress, distinctMirrors, sameMirrors } from '../../model/mirrors/address.ts'
import { failingMirrors, isCheckDue } from '../../model/mirrors/in-force.ts'
import { hub } from '../../model/image/reference.ts'
import { hubAddress, type FailingMirror, type MirrorProbe } from '../../preload/contract/index.ts'
import type { Http } from '../registry/index.ts'
import type { MirrorsStore } from '../store/index.ts'
import { race } from './race.ts'

interface Dependencies {
  readonly http: Http
  readonly store: MirrorsStore
  readonly platform: () => string | undefined
  /** The addresses of the mirrors that a local engine uses; empty for an engine on another computer. */
  readonly inForce: () => readonly string[]
  readonly timeoutMs: number
  readonly onChange: () => void
}

export interface InForceMirrors {
  /** @returns the mirrors in force that failed in the last check */
  failing(): readonly FailingMirror[]
  /** Checks the mirrors if a check is due. Call this when the mirrors in force may have changed. */
  checkIfDue(afterFailedPull?: boolean): Promise<void>
  /** Cancels a running check. */
  end(): void
}

/** Small, and available at every mirror. */
const testImage = { path: 'library/alpine', tag: 'latest' }

export function inForceMirrors({ http, store, platform, inForce, timeoutMs, onChange }: Dependencies): InForceMirrors {
  const ending = new AbortController()
  let running: Promise<void> | undefined

  async function check(addresses: readonly string[]) {
    const probes: Record<string, MirrorProbe> = {}
    const participants = [
      { address: hubAddress, host: hub },
      ...distinctMirrors(addresses)
        .map(canonicalAddress)
        .map((address) => ({ address, host: address.replace(/^https?:\/\//, '') })),
    ]
    const options = { ...testImage, platform: platform() ?? 'linux/amd64', timeoutMs, signal: ending.signal }
    await race(
      http,
      { ...options, participants },
      { onProbe: (address, probe) => (probes[address] = probe), onCrossChecked: () => undefined },
    )
    await store.write({ ...store.value, inForceCheck: { at: Math.floor(Date.now() / 1000), probes } })
    onChange()
  }

  async function checkIfDue(afterFailedPull = false): Promise<void> {
    const addresses = inForce()
    const now = Math.floor(Date.now() / 1000)
    if (running || !isCheckDue(store.value.inForceCheck, addresses, now, afterFailedPull)) return running
    running = check(addresses)
      .catch((error: unknown) => ending.signal.aborted || console.error('mirrors in force:', error))
      .then(() => {
        running = undefined
        // Mirrors that changed during the check are checked at once.
        return ending.signal.aborted || sameMirrors(addresses, inForce()) ? undefined : checkIfDue()
      })
    return running
  }

  return {
    failing: () => failingMirrors(store.value.inForceCheck, inForce(), hubAddress),
    checkIfDue,
    end: () => ending.abort(),
  }
}
