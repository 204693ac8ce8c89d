/** A throwaway world: engines and what is in them, and a Docker Hub of their own. */
import { fillWithDemo } from './demo.ts'
import { pullableImages } from './demo/pullable.ts'
import { startEngine, type Engine, type EngineWish } from './engine.ts'
import { fillRegistry, type Digests } from './fill.ts'
import { startHub, type Hub, type HubWish } from './hub.ts'
import { startRegistry, type Registry } from './registry.ts'

export interface WorldWish {
  readonly engines: readonly EngineWish[]
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
  /** What can be pulled. */
  readonly digests: Digests
  /** For an engine that is to pull from it, as from a mirror and as from Docker Hub itself. */
  readonly engine: Pick<EngineWish, 'config' | 'env'>
  stop(): Promise<void>
}

/** Starts a registry that holds the demo's pullable images, and the stub of Docker Hub over it. */
export async function startOnline(wish: Pick<HubWish, 'makesWhatIsMissing'> = {}): Promise<Online> {
  const registry = await startRegistry()
  try {
    const digests = await fillRegistry(registry, pullableImages())
    const hub = await startHub({ registry, ...wish })
    return {
      registry,
      hub,
      digests,
      engine: { config: { 'registry-mirrors': [`http://${registry.host}`] }, env: hub.engineEnv },
      async stop() {
        await hub.stop()
        await registry.stop()
      },
    }
  } catch (error) {
    await registry.stop()
    throw error
  }
}
