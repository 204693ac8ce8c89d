/** Whether Slipway and an engine mean the same registry by a name. They may be in different networks. */
import { sharesNetwork } from '../../model/engine/kind.ts'
import { hub } from '../../model/image/reference.ts'
import { isLoopback } from '../../model/image/registry-place.ts'
import { readInsecureRegistries, readMirrors, type EngineSession } from '../engine/index.ts'
import { isInsecure } from '../registry/index.ts'

/** If the engine takes longer to tell its settings, it is asked for the image. */
const engineTimeoutMs = 4_000

/**
 * Whether a registry's answer to Slipway is surely what the engine will get. False if the engine cannot be asked about its
 * settings, does not tell them within 4 s, or the caller cancels.
 */
export async function isSameRegistry(
  session: EngineSession,
  registry: string,
  cancelled?: AbortSignal,
): Promise<boolean> {
  if (cancelled?.aborted) return false
  const { promise: unanswered, resolve } = Promise.withResolvers<false>()
  const giveUp = () => resolve(false)
  const timer = setTimeout(giveUp, engineTimeoutMs)
  cancelled?.addEventListener('abort', giveUp)
  try {
    return await Promise.race([meansSameRegistry(session, registry), unanswered])
  } finally {
    clearTimeout(timer)
    cancelled?.removeEventListener('abort', giveUp)
  }
}

async function meansSameRegistry(session: EngineSession, registry: string): Promise<boolean> {
  try {
    // A mirror may have images that Docker Hub does not have, or no longer has.
    if (registry === hub) return (await readMirrors(session)).length === 0
    if (sharesNetwork(session.context.kind)) return true
    if (isLoopback(registry)) return false
    // A verified certificate proves who answered. Names of loopback addresses count as insecure.
    return !(await isInsecure(registry, await readInsecureRegistries(session)))
  } catch {
    return false
  }
}
