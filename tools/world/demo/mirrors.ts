/** The demo's mirrors: a good one, a slow one, one that serves outdated images, and one that refuses connections. */
import type { MirrorBehaviour, Mirrors } from '../mirrors.ts'

const behaviours: Readonly<Record<string, MirrorBehaviour>> = {
  fast: {},
  slow: { bytesPerSecond: 400_000, firstByteDelayMs: 300 },
  stale: { lies: 'tag' },
  dead: { connecting: 'refused' },
}

export async function addDemoMirrors(mirrors: Mirrors): Promise<void> {
  for (const [name, behaviour] of Object.entries(behaviours)) await mirrors.add(name, behaviour)
}
