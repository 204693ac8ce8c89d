/** Whose daemon.json the engine that is reached reads, where it is, and what is so around it. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Installation } from '../../model/daemon-config/plan.ts'
import type { EngineFacts, EngineState } from '../../preload/contract/index.ts'

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

export interface Found {
  readonly installation: Installation
  /** Nothing where it is not on this computer, or not Docker's. */
  readonly file?: string
  /** Where dockerd says which process it is. */
  readonly pidFile?: string
}

const systemFile = '/etc/docker/daemon.json'
const snapFile = '/var/snap/docker/current/config/daemon.json'
const systemEngines = ['/usr/bin/dockerd', '/usr/sbin/dockerd', '/usr/local/bin/dockerd']
const system: Found = { installation: 'system', file: systemFile, pidFile: '/run/docker.pid' }
const snap: Found = { installation: 'snap', file: snapFile }
const usualSockets = ['unix:///var/run/docker.sock', 'unix:///run/docker.sock']

/** While no engine answers, the one that is looked for. */
export function findInstallation(state: EngineState, { env, home }: Surroundings): Found {
  const facts = state.status === 'connected' ? state.facts : undefined
  const { context } = state
  if (facts?.product === 'Podman' || context?.endpoint.endsWith('/podman.sock')) return { installation: 'podman' }
  if (!context || usualSockets.includes(context.endpoint)) return fromSnap(facts) ? snap : system
  if (context.name === 'desktop-linux' || context.endpoint.includes('/.docker/desktop/'))
    return { installation: 'desktop' }
  const runtime = env['XDG_RUNTIME_DIR']
  const own = context.endpoint === `unix://${runtime}/docker.sock` || facts?.rootDir.startsWith(`${home}/`)
  if (context.local && own) {
    const file = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'docker/daemon.json')
    return { installation: 'rootless', file, ...(runtime && { pidFile: join(runtime, 'docker.pid') }) }
  }
  // One at another place reads another file, and the system's is none of its business.
  return { installation: 'elsewhere' }
}

/** By where its data is; while it does not answer, as root's helper looks (resources/helper, place.py). */
function fromSnap(facts: EngineFacts | undefined): boolean {
  if (facts) return facts.rootDir.startsWith('/var/snap/docker/')
  return existsSync(dirname(snapFile)) && !systemEngines.some((engine) => existsSync(engine))
}

/** The mirrors that dockerd was given as options. What cannot be read is none: the helper looks again as root. */
export async function mirrorOptions(pidFile: string | undefined): Promise<readonly string[]> {
  try {
    const pid = Number((await readFile(pidFile ?? '', 'utf8')).trim())
    if (!Number.isSafeInteger(pid) || pid <= 1) return []
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
    return words.flatMap((word, at) => {
      if (word === '--registry-mirror') return words[at + 1] ?? []
      return word.startsWith('--registry-mirror=') ? word.slice('--registry-mirror='.length) : []
    })
  } catch {
    return []
  }
}

/** What says of Docker Hub where its images come from, before the mirrors do; beside a rootless Docker's own file. */
export function hostsToml({ installation, file }: Found): string | undefined {
  const folder = installation === 'rootless' && file !== undefined ? dirname(file) : '/etc/docker'
  const hosts = join(folder, 'certs.d/docker.io/hosts.toml')
  return existsSync(hosts) ? hosts : undefined
}
