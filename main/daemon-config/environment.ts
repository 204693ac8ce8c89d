/** Which daemon.json the connected engine reads, and what else configures its mirrors. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DaemonEnvironment, Installation } from '../../model/daemon-config/plan.ts'
import type { Container, ContainerId } from '../../model/image/image.ts'
import type { EngineState } from '../../preload/contract/index.ts'
import { readHostFacts, type HostEnvironment } from '../engine/index.ts'
import { mirrorsInForce, type ShownSession } from './target-engine.ts'

/** The Docker installation behind an engine. */
export interface DaemonInstallation {
  readonly installation: Installation
  /** Absent if Slipway does not change this engine's file: Docker Desktop, Podman, and engines at unknown endpoints. */
  readonly file?: string
  /** Where dockerd writes its process id. */
  readonly pidFile?: string
}

const system: DaemonInstallation = {
  ...{ installation: 'system', file: '/etc/docker/daemon.json', pidFile: '/run/docker.pid' },
}
const snap: DaemonInstallation = { installation: 'snap', file: '/var/snap/docker/current/config/daemon.json' }

/** The installation of the connected engine, or of the current context while no engine answers. */
export function findInstallation(state: EngineState, { env, home }: HostEnvironment): DaemonInstallation {
  const facts = state.status === 'connected' ? state.facts : undefined
  const { context } = state
  if (!context) return readHostFacts().dockerd === 'snap' ? snap : system
  const runtimeDir = env['XDG_RUNTIME_DIR']
  const usesOwnSocket = context.endpoint === `unix://${runtimeDir}/docker.sock`
  const isRootless = usesOwnSocket && context.kind.type === 'unknown'
  switch (facts?.product === 'Podman' ? 'podman' : isRootless ? 'rootless' : context.kind.type) {
    case 'system':
      return system
    case 'snap':
      return snap
    case 'podman':
    case 'podman-machine':
      return { installation: 'podman' }
    case 'desktop':
      return { installation: 'desktop' }
    case 'rootless': {
      if (!usesOwnSocket && !facts?.rootDir.startsWith(`${home}/`)) return { installation: 'elsewhere' }
      const file = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'docker/daemon.json')
      return { installation: 'rootless', file, ...(runtimeDir && { pidFile: join(runtimeDir, 'docker.pid') }) }
    }
    default:
      // In virtual machines and on other computers, the file is out of reach. Nothing shows which one other engines read.
      return { installation: 'elsewhere' }
  }
}

/**
 * @returns the mirrors in dockerd's `--registry-mirror` flags. An unreadable command line counts as one without flags:
 * the helper checks the flags again before it changes the file.
 */
export async function readMirrorFlags(pidFile: string | undefined): Promise<readonly string[]> {
  try {
    const pid = Number((await readFile(pidFile ?? '', 'utf8')).trim())
    if (!Number.isSafeInteger(pid) || pid <= 1) return []
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    return args.flatMap((arg, index) => {
      if (arg === '--registry-mirror') return args[index + 1] ?? []
      return arg.startsWith('--registry-mirror=') ? arg.slice('--registry-mirror='.length) : []
    })
  } catch {
    return []
  }
}

/** @returns the path of the `hosts.toml` for Docker Hub, which overrides the mirrors; undefined if there is none */
export function findHostsToml({ installation, file }: DaemonInstallation): string | undefined {
  const folder = installation === 'rootless' && file !== undefined ? dirname(file) : '/etc/docker'
  const hosts = join(folder, 'certs.d/docker.io/hosts.toml')
  return existsSync(hosts) ? hosts : undefined
}

/** Reads the facts around the file on which a plan depends. `session`: the one that the window shows. */
export async function readEnvironment(
  daemon: DaemonInstallation,
  session: ShownSession,
  containers: ReadonlyMap<ContainerId, Container>,
): Promise<DaemonEnvironment> {
  const { installation, pidFile } = daemon
  const hosts = session.ok && session.value.capabilities.store === 'containerd' ? findHostsToml(daemon) : undefined
  // `engine.state()` is updated only a moment after a change, so the mirrors in force are read from the engine.
  const inForce = await mirrorsInForce(session)
  return {
    installation,
    cliFlags: await readMirrorFlags(pidFile),
    ...(hosts !== undefined && { hostsToml: hosts }),
    ...(inForce && { inForce }),
    running: [...containers.values()].filter(({ state }) => state === 'running').map(({ name }) => name),
  }
}
