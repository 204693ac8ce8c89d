/** A real registry (Debian's docker-registry) on loopback, for a test or the demo. `stop` removes all of its files. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { terminate, hasExited } from './dockerd.ts'
import { openGate, type NetworkConditions } from './slow-gate.ts'
import { registryProgram, worldFolder } from './paths.ts'

export interface RegistryOptions {
  readonly port?: number
  /** The name of the registry's folder; by default `registry-NUMBER`. */
  readonly name?: string
  /** Requires a login as `ann`. */
  readonly private?: boolean
}

/** The only login that a private registry accepts. */
export const ann = { username: 'ann', password: 'open sesame' } as const
/** The htpasswd line of `ann`. It is fixed, because no tool of the world can compute the bcrypt hash. */
const htpasswdLine = 'ann:$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n'

export interface Registry {
  readonly port: number
  /** `127.0.0.1:PORT`, as in an image reference. */
  readonly host: string
  /** `127.0.0.1:PORT` of the registry itself, which network conditions do not affect. */
  readonly directHost: string
  /** The login for a private registry, otherwise empty. */
  readonly headers: Readonly<Record<string, string>>
  /** The registry's log, with a line for each request. */
  log(): string
  /** Bytes of responses since the last `setNetworkConditions`. */
  readonly bytesSent: number
  /** Changes the network conditions from now on; by default to an unlimited network. */
  setNetworkConditions(conditions?: NetworkConditions): void
  /** Kills the registry and removes its folder. */
  stop(): Promise<void>
}

let registryCount = 0

/** Starts an empty registry and waits until it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { port, name = `registry-${++registryCount}`, private: isPrivate = false } = options
  const root = join(worldFolder(), name)
  const [configFile, logFile, htpasswdFile] = [
    join(root, 'config.yml'),
    join(root, 'registry.log'),
    join(root, 'users'),
  ]
  mkdirSync(root)
  writeFileSync(htpasswdFile, htpasswdLine)
  writeFileSync(configFile, registryConfig(root) + (isPrivate ? authConfig(htpasswdFile) : ''))
  const output = openSync(logFile, 'a')
  // The kernel kills the registry when our process dies, for whatever reason.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', registryProgram, 'serve', configFile], {
    stdio: ['ignore', output, output],
    // In a process group of its own, so that Ctrl+C reaches only our process, which stops the registry before it ends.
    detached: true,
  })
  child.on('error', () => {}) // hasExited() reports a failed start
  closeSync(output)

  const log = () => readFileSync(logFile, 'utf8')
  const remove = async () => {
    await terminate(child, 'SIGKILL', 2_000)
    rmSync(root, { recursive: true, force: true })
  }
  try {
    const registryPort = await waitUntilListening()
    const gate = await openGate(registryPort, port)
    return {
      port: gate.port,
      host: `127.0.0.1:${gate.port}`,
      directHost: `127.0.0.1:${registryPort}`,
      headers: isPrivate ? { authorization: `Basic ${btoa(`${ann.username}:${ann.password}`)}` } : {},
      log,
      get bytesSent() {
        return gate.bytesSent
      },
      setNetworkConditions: gate.setNetworkConditions,
      async stop() {
        await gate.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }

  /** @returns the port that the registry has chosen, from its log */
  async function waitUntilListening(): Promise<number> {
    for (let tries = 0; tries < 400; tries++) {
      const match = /listening on 127\.0\.0\.1:(\d+)/.exec(log())
      if (match) return Number(match[1])
      if (hasExited(child)) break
      await sleep(25)
    }
    throw new Error(`docker-registry does not start (tools/setup.sh world downloads it):\n${log()}`)
  }
}

const registryConfig = (root: string) => `version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: ${join(root, 'data')}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:0
`

const authConfig = (htpasswdFile: string) => `auth:
  htpasswd:
    realm: private
    path: ${htpasswdFile}
`
