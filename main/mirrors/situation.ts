/** Whose daemon.json the engine that is reached reads, where it is, and what is so around it. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installation } from '../../model/mirror-plan.ts'
import type { EngineState } from '../../preload/contract/index.ts'

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
const usualSockets = ['unix:///var/run/docker.sock', 'unix:///run/docker.sock']
const hubHosts = '/etc/docker/certs.d/docker.io/hosts.toml'

export function findInstallation(state: EngineState, { env, home }: Surroundings): Found {
  if (state.status !== 'connected') return { installation: 'system', file: systemFile, pidFile: '/run/docker.pid' }
  const { context, facts } = state
  if (facts.product === 'Podman') return { installation: 'podman' }
  if (context.name === 'desktop-linux' || context.endpoint.includes('/.docker/desktop/'))
    return { installation: 'desktop' }
  if (!context.local) return { installation: 'elsewhere' }
  if (facts.rootDir.startsWith('/var/snap/docker/')) return { installation: 'snap', file: snapFile }
  const runtime = env['XDG_RUNTIME_DIR']
  if (facts.rootDir.startsWith(`${home}/`) || (runtime && context.endpoint === `unix://${runtime}/docker.sock`)) {
    const file = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'docker/daemon.json')
    return { installation: 'rootless', file, ...(runtime && { pidFile: join(runtime, 'docker.pid') }) }
  }
  // One at another place reads another file, and the system's is none of its business.
  if (!usualSockets.includes(context.endpoint)) return { installation: 'elsewhere' }
  return { installation: 'system', file: systemFile, pidFile: '/run/docker.pid' }
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

export const hostsToml = (): string | undefined => (existsSync(hubHosts) ? hubHosts : undefined)
