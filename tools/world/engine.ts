/** A real Docker engine in a temporary root, for a test or a demo. Nothing of it is left after `stop`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Docker from 'dockerode'
import { addBridge, removeBridge } from './bridge.ts'
import { end, files, hasEnded, readLog, startDockerd, usual } from './dockerd.ts'
import { installed, programs, worldFolder, type Version } from './paths.ts'
import { giveToNobody, layOwnPlaces, ownPlaces } from './rootless.ts'
import { endAll, removeControlGroup, signal, stopped, thaw, unmountUnder } from './processes.ts'

export type Store = 'classic' | 'containerd'

export interface EngineOptions {
  readonly version: Version
  readonly store: Store
  /** What its folder is called; by default its version, store and a number. */
  readonly name?: string
  /** Containers get a bridge of the engine's own, and may publish ports. Without, they run with `--network none`. */
  readonly network?: boolean
  /** The engine's daemon.json, beside what the store needs. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The environment of dockerd, beside what it has anyhow: a proxy, say. */
  readonly env?: Readonly<Record<string, string>>
  /** Where it listens beside its socket, as `tcp://127.0.0.1:2376`. */
  readonly hosts?: readonly string[]
  /** Where it lies, if not in the world's folder: a folder that does not exist yet. */
  readonly root?: string
  /** Has its configuration, pid and socket where an installed Docker has them. One at a time in a world. */
  readonly asInstalled?: boolean
  /** Is a user's own (rootless.ts): nobody's. */
  readonly rootless?: boolean
}

export interface Engine {
  readonly name: string
  readonly store: Store
  /** The exact version, as `20.10.24`. */
  readonly version: string
  readonly root: string
  readonly socket: string
  readonly configFile: string
  /** The folder of its programs, the docker command of the same version among them. */
  readonly programs: string
  readonly docker: Docker
  /** Of dockerd. Another one after a restart. */
  readonly pid: number
  readonly running: boolean
  /** What dockerd has logged since its first start. */
  log(): string
  /** Ends dockerd as a service manager would, and keeps its root: `restart` brings it back. */
  shutDown(): Promise<void>
  /** Ends dockerd as a crash would. Its containers live on. */
  kill(): Promise<void>
  /** Starts dockerd again, ending it before where it still runs. */
  restart(): Promise<void>
  /** Makes dockerd hang: connections are taken, and never answered. */
  freeze(): Promise<void>
  thaw(): void
  /** Ends all of the engine at once and removes its root. */
  stop(): Promise<void>
}

let started = 0

/** Starts an engine and waits until it answers. */
export async function startEngine(wish: EngineOptions): Promise<Engine> {
  const version = installed(wish.version)
  if (version === undefined) throw new Error(`The ${wish.version} engine is not here: tools/setup.sh world`)

  const number = ++started
  const name = wish.name ?? `${wish.version}-${wish.store}-${number}`
  const world = worldFolder()
  const place = {
    root: wish.root ?? join(world, name),
    group: `/${basename(world)}/${name}`,
    programs: programs(wish.version),
    bridge: wish.network ? `slipway${number}` : undefined,
    hosts: wish.hosts ?? [],
    env: wish.env ?? {},
    asInstalled: wish.asInstalled ?? false,
    rootless: wish.rootless ?? false,
  }
  const { root, group, bridge } = place
  const { socket, config: own } = place.rootless ? ownPlaces(root) : files(root)
  const config = place.asInstalled ? usual.config : own
  const docker = new Docker({ socketPath: socket })

  mkdirSync(root, { mode: 0o711 })
  if (place.rootless) layOwnPlaces(root)
  mkdirSync(dirname(config), { recursive: true, mode: 0o755 })
  writeFileSync(config, JSON.stringify({ ...storeConfig(wish.store), ...wish.config }, null, 2))
  if (place.rootless) giveToNobody(config)
  if (bridge) addBridge(bridge, number)
  let gone = false
  let daemon = await startDockerd(place, docker).catch(async (error: unknown) => {
    await remove()
    throw error
  })

  async function shutDown(): Promise<void> {
    await end(daemon, 'SIGTERM', 20_000)
    await end(daemon, 'SIGKILL', 2_000)
  }

  async function remove(): Promise<void> {
    if (gone) return
    gone = true
    thaw(group)
    await endAll(root, group)
    if (place.asInstalled) for (const left of Object.values(usual)) rmSync(left, { force: true })
    unmountUnder(root)
    rmSync(root, { recursive: true, force: true })
    removeControlGroup(group)
    if (bridge) removeBridge(bridge)
  }

  return {
    name,
    store: wish.store,
    version,
    root,
    socket,
    configFile: config,
    programs: place.programs,
    docker,
    get pid() {
      return daemon.pid ?? 0
    },
    get running() {
      return !hasEnded(daemon)
    },
    log: () => readLog(root),
    shutDown,
    kill: () => end(daemon, 'SIGKILL', 2_000),
    async restart() {
      await shutDown()
      // After a crash the first start of 20.10 fails on the containerd that was left: "timeout waiting for containerd".
      daemon = await startDockerd(place, docker).catch(() => startDockerd(place, docker))
    },
    freeze: () => stopped(daemon.pid ?? 0),
    thaw: () => signal(daemon.pid ?? 0, 'SIGCONT'),
    stop: remove,
  }
}

const storeConfig = (store: Store) => (store === 'containerd' ? { features: { 'containerd-snapshotter': true } } : {})
