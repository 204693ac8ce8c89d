/** A throwaway world: engines and what is in them, and a Docker Hub of their own. */
import { fillWithDemo } from './demo.ts'
import { pullableImages } from './demo/pullable.ts'
import { startEngine, type Engine, type EngineOptions } from './engine.ts'
import { fillRegistry, type Digests } from './fill.ts'
import { startHub, type Hub, type HubWish } from './hub.ts'
import { startMirrors, type Mirrors } from './mirrors.ts'
import { startRegistry, type Registry } from './registry.ts'

export interface WorldWish {
  readonly engines: readonly EngineOptions[]
  /** Fill each engine with the demo's images and containers. */
  readonly demo?: boolean
}

export interface World {
  readonly engines: readonly Engine[]
  stop(): Promise<void>
}

/** Starts all parts of a world at once. If one fails, none is left. */
export async function startWorld({ engines: wishes, demo = false }: WorldWish): Promise<World> {
  const engines: Engine[] = []
  const stop = async () => void (await Promise.all(engines.map((engine) => engine.stop())))
  const begun = wishes.map(async (wish) => {
    const engine = await startEngine(wish)
    engines.push(engine)
    if (demo) await fillWithDemo(engine.docker, { network: wish.network ?? false })
  })
  const failed = (await Promise.allSettled(begun)).find((outcome) => outcome.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { engines, stop }
}

/** Docker Hub as far as a throwaway world has it: what can be searched, and what can be pulled. */
export interface Online {
  readonly registry: Registry
  readonly hub: Hub
  /** Mirrors of the registry, none until they are added. Who has the hub's environment reaches and trusts them. */
  readonly mirrors: Mirrors
  /** What can be pulled. */
  readonly digests: Digests
  /** For an engine that is to pull from it, as from a mirror and as from Docker Hub itself. */
  readonly engine: Pick<EngineOptions, 'config' | 'env'>
  stop(): Promise<void>
}

/** Starts a registry that holds the demo's pullable images, the stub of Docker Hub over it, and a place for mirrors. */
export async function startOnline(wish: Pick<HubWish, 'makesWhatIsMissing'> = {}): Promise<Online> {
  const parts: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const part of parts.toReversed()) await part.stop()
  }
  async function begun<Part extends { stop(): Promise<void> }>(begin: Promise<Part>): Promise<Part> {
    const part = await begin
    parts.push(part)
    return part
  }
  try {
    const registry = await begun(startRegistry())
    const digests = await fillRegistry(registry, pullableImages())
    const hub = await begun(startHub({ registry, ...wish }))
    const mirrors = await begun(startMirrors({ registry, hub }))
    const config = { 'registry-mirrors': [`http://${registry.host}`] }
    return { registry, hub, mirrors, digests, engine: { config, env: hub.engineEnv }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
