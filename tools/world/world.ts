/** Parts of a throwaway world: engines with their content, and a Docker Hub. */
import { fillWithDemo } from './demo.ts'
import { pullableImages } from './demo/pullable.ts'
import { startEngine, type Engine, type EngineOptions } from './engine.ts'
import { fillRegistry, type Digests } from './fill.ts'
import { startHub, type Hub, type HubOptions } from './hub.ts'
import { startMirrors, type Mirrors } from './mirrors.ts'
import { startRegistry, type Registry } from './registry.ts'

export interface WorldOptions {
  readonly engines: readonly EngineOptions[]
  /** Fill each engine with the demo's images and containers. */
  readonly demo?: boolean
}

export interface World {
  readonly engines: readonly Engine[]
  stop(): Promise<void>
}

/** Starts all engines in parallel. If one fails to start, the others are stopped. */
export async function startWorld({ engines: engineOptions, demo = false }: WorldOptions): Promise<World> {
  const engines: Engine[] = []
  const stop = async () => void (await Promise.all(engines.map((engine) => engine.stop())))
  const starts = engineOptions.map(async (options) => {
    const engine = await startEngine(options)
    engines.push(engine)
    if (demo) await fillWithDemo(engine.docker, { network: options.network ?? false })
  })
  const failure = (await Promise.allSettled(starts)).find((outcome) => outcome.status === 'rejected')
  if (failure) {
    await stop()
    throw failure.reason
  }
  return { engines, stop }
}

/** The Docker Hub of a world, with mirrors. */
export interface Online {
  /** The content of Docker Hub and of the mirrors. */
  readonly registry: Registry
  readonly hub: Hub
  /** Empty until mirrors are added. A client with the hub's environment reaches and trusts the mirrors. */
  readonly mirrors: Mirrors
  /** The digests of the images that can be pulled, by reference. */
  readonly digests: Digests
  /** Options for an engine that pulls from Docker Hub, with the registry as its mirror. */
  readonly engine: Pick<EngineOptions, 'config' | 'env'>
  stop(): Promise<void>
}

/** Starts a registry with the demo's pullable images, the Docker Hub stub over the registry, and the mirrors' domain. */
export async function startOnline(hubOptions: Pick<HubOptions, 'createsMissingImages'> = {}): Promise<Online> {
  const parts: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const part of parts.toReversed()) await part.stop()
  }
  async function add<Part extends { stop(): Promise<void> }>(starting: Promise<Part>): Promise<Part> {
    const part = await starting
    parts.push(part)
    return part
  }
  try {
    const registry = await add(startRegistry())
    const digests = await fillRegistry(registry, pullableImages())
    const hub = await add(startHub({ registry, ...hubOptions }))
    const mirrors = await add(startMirrors({ registry, hub }))
    const config = { 'registry-mirrors': [`http://${registry.host}`] }
    return { registry, hub, mirrors, digests, engine: { config, env: hub.engineEnv }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
