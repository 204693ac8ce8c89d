/** A real Docker engine in a temporary folder, for a test or the demo. `stop` removes everything that belongs to it. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Docker from 'dockerode'
import { addBridge, removeBridge } from './bridge.ts'
import { terminate, enginePaths, hasExited, readLog, startDockerd, systemPaths } from './dockerd.ts'
import { readInstalledVersion, programs, worldFolder, type Version } from './paths.ts'
import { chownToNobody, createRootlessFolders, rootlessPaths } from './rootless.ts'
import {
  killEngineProcesses,
  removeControlGroup,
  sendSignal,
  suspend,
  thawControlGroup,
  unmountUnder,
} from './processes.ts'

export type Store = 'classic' | 'containerd'

export interface EngineOptions {
  readonly version: Version
  readonly store: Store
  /** The name of the engine's folder; by default its version, store and a number. */
  readonly name?: string
  /** Gives containers a bridge network, so that they can publish ports. Otherwise run them with `--network none`. */
  readonly network?: boolean
  /** Added to the engine's daemon.json, which otherwise only selects the store. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Added to dockerd's environment: a proxy, for example. */
  readonly env?: Readonly<Record<string, string>>
  /** Additional addresses that dockerd listens on, such as `tcp://127.0.0.1:2376`. */
  readonly hosts?: readonly string[]
  /** The engine's folder, which must not exist yet; by default a folder in the world's folder. */
  readonly root?: string
  /** Uses the configuration, pid file and socket of an installed Docker. Only one such engine can run in a world. */
  readonly asInstalled?: boolean
  /** Runs dockerd as the user `nobody` (rootless.ts). */
  readonly rootless?: boolean
}

export interface Engine {
  readonly name: string
  readonly store: Store
  /** The exact version, such as `20.10.24`. */
  readonly version: string
  readonly root: string
  readonly socket: string
  readonly configFile: string
  /** The folder of the engine's programs, including the docker CLI of the same version. */
  readonly programs: string
  readonly docker: Docker
  /** The pid of dockerd, which changes at a restart. */
  readonly pid: number
  readonly running: boolean
  /** Everything that dockerd has logged since its first start. */
  log(): string
  /** Stops dockerd as a service manager would, and keeps its data for a `restart`. */
  shutDown(): Promise<void>
  /** Kills dockerd, as a crash would. Its containers keep running. */
  kill(): Promise<void>
  /** Stops dockerd if it is running, and starts it again. */
  restart(): Promise<void>
  /** Suspends dockerd, so that connections are accepted but never answered. */
  freeze(): Promise<void>
  /** Ends `freeze`. */
  thaw(): void
  /** Kills all processes of the engine and removes its folder. */
  stop(): Promise<void>
}

let engineCount = 0

/** Starts an engine and waits until it answers. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const version = readInstalledVersion(options.version)
  if (version === undefined)
    throw new Error(`The ${options.version} engine is not installed. Run: tools/setup.sh world`)

  const number = ++engineCount
  const name = options.name ?? `${options.version}-${options.store}-${number}`
  const world = worldFolder()
  const dockerdOptions = {
    root: options.root ?? join(world, name),
    group: `/${basename(world)}/${name}`,
    programs: programs(options.version),
    bridge: options.network ? `slipway${number}` : undefined,
    hosts: options.hosts ?? [],
    env: options.env ?? {},
    asInstalled: options.asInstalled ?? false,
    rootless: options.rootless ?? false,
  }
  const { root, group, bridge, asInstalled, rootless } = dockerdOptions
  const paths = rootless ? rootlessPaths(root) : enginePaths(root)
  const config = asInstalled ? systemPaths.config : paths.config
  const { socket } = paths
  const docker = new Docker({ socketPath: socket })

  mkdirSync(root, { mode: 0o711 })
  if (rootless) createRootlessFolders(root)
  mkdirSync(dirname(config), { recursive: true, mode: 0o755 })
  writeFileSync(config, JSON.stringify({ ...storeConfig(options.store), ...options.config }, null, 2))
  if (rootless) chownToNobody(config)
  if (bridge) addBridge(bridge, number)
  let isRemoved = false
  let daemon = await startDockerd(dockerdOptions, docker).catch(async (error: unknown) => {
    await remove()
    throw error
  })

  async function shutDown(): Promise<void> {
    await terminate(daemon, 'SIGTERM', 20_000)
    await terminate(daemon, 'SIGKILL', 2_000)
  }

  async function remove(): Promise<void> {
    if (isRemoved) return
    isRemoved = true
    thawControlGroup(group)
    await killEngineProcesses(root, group)
    if (asInstalled) for (const path of Object.values(systemPaths)) rmSync(path, { force: true })
    unmountUnder(root)
    rmSync(root, { recursive: true, force: true })
    removeControlGroup(group)
    if (bridge) removeBridge(bridge)
  }

  return {
    name,
    store: options.store,
    version,
    root,
    socket,
    configFile: config,
    programs: dockerdOptions.programs,
    docker,
    get pid() {
      return daemon.pid ?? 0
    },
    get running() {
      return !hasExited(daemon)
    },
    log: () => readLog(root),
    shutDown,
    kill: () => terminate(daemon, 'SIGKILL', 2_000),
    async restart() {
      await shutDown()
      // After a crash, the first start of 20.10 fails, because the old containerd still runs.
      daemon = await startDockerd(dockerdOptions, docker).catch(() => startDockerd(dockerdOptions, docker))
    },
    freeze: () => suspend(daemon.pid ?? 0),
    thaw: () => sendSignal(daemon.pid ?? 0, 'SIGCONT'),
    stop: remove,
  }
}

const storeConfig = (store: Store) => (store === 'containerd' ? { features: { 'containerd-snapshotter': true } } : {})
