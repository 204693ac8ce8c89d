/** A throwaway world: engines, and what is in them. Later also registries, mirrors and a stub of Docker Hub. */
import { fillWithDemo } from './demo.ts'
import { startEngine, type Engine, type EngineWish } from './engine.ts'

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
