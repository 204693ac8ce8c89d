/** The demo's mirrors: a good one, a slow one, one that gives older images under the tags, and one that is gone. */
import type { MirrorBehaviour, Mirrors } from '../mirrors.ts'

const manners: Readonly<Record<string, MirrorBehaviour>> = {
  fast: {},
  slow: { bytesPerSecond: 400_000, firstByteDelayMs: 300 },
  stale: { lies: 'tag' },
  dead: { connecting: 'refused' },
}

export async function addDemoMirrors(mirrors: Mirrors): Promise<void> {
  for (const [name, manner] of Object.entries(manners)) await mirrors.add(name, manner)
}
