/** A real registry (Debian's docker-registry) on loopback, for a test or a demo. Nothing of it is left after `stop`. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, hasEnded } from './dockerd.ts'
import { openGate, type NetworkConditions } from './slow-gate.ts'
import { registryProgram, worldFolder } from './paths.ts'

export interface RegistryWish {
  readonly port?: number
  /** What its folder is called; by default it has a number. */
  readonly name?: string
  /** Lets in nobody but `ann`. */
  readonly private?: boolean
}

/** The one login that a private registry knows, and as its file has it: bcrypt, which nothing here can make. */
export const ann = { username: 'ann', password: 'open sesame' } as const
const annInFile = 'ann:$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n'

export interface Registry {
  readonly port: number
  /** As in an image's name: `127.0.0.1:PORT`. */
  readonly host: string
  /** The same past its weather, for those who only look after it. */
  readonly direct: string
  /** With what those who fill it are let in. */
  readonly headers: Readonly<Record<string, string>>
  /** What it has logged: each request is a line. */
  log(): string
  /** Bytes of answers since the last `behave`. */
  readonly passed: number
  /** How it answers from now on; without anything, as fast as it can. */
  behave(weather?: NetworkConditions): void
  /** Ends it and removes all that it holds. */
  stop(): Promise<void>
}

let started = 0

/** Starts an empty registry and waits until it answers. */
export async function startRegistry(wish: RegistryWish = {}): Promise<Registry> {
  const { port, name = `registry-${++started}`, private: locked = false } = wish
  const root = join(worldFolder(), name)
  const [config, logFile, users] = [join(root, 'config.yml'), join(root, 'registry.log'), join(root, 'users')]
  mkdirSync(root)
  writeFileSync(users, annInFile)
  writeFileSync(config, settings(root) + (locked ? lock(users) : ''))
  const output = openSync(logFile, 'a')
  // It ends with its starter, whatever ends that.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', registryProgram, 'serve', config], {
    stdio: ['ignore', output, output],
    // Not in the terminal's group: Ctrl+C is for whoever started it, who then ends it in order.
    detached: true,
  })
  child.on('error', () => {}) // seen as an end without a pid
  closeSync(output)

  const log = () => readFileSync(logFile, 'utf8')
  const remove = async () => {
    await end(child, 'SIGKILL', 2_000)
    rmSync(root, { recursive: true, force: true })
  }
  try {
    const inner = await listening()
    const gate = await openGate(inner, port)
    return {
      port: gate.port,
      host: `127.0.0.1:${gate.port}`,
      direct: `127.0.0.1:${inner}`,
      headers: locked ? { authorization: `Basic ${btoa(`${ann.username}:${ann.password}`)}` } : {},
      log,
      get passed() {
        return gate.passed
      },
      behave: gate.behave,
      async stop() {
        await gate.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }

  /** The port that it has chosen, once it says so. */
  async function listening(): Promise<number> {
    for (let tries = 0; tries < 400; tries++) {
      const said = /listening on 127\.0\.0\.1:(\d+)/.exec(log())
      if (said) return Number(said[1])
      if (hasEnded(child)) break
      await sleep(25)
    }
    throw new Error(`docker-registry does not start (tools/setup.sh world brings it):\n${log()}`)
  }
}

const settings = (root: string) => `version: 0.1
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

const lock = (users: string) => `auth:
  htpasswd:
    realm: private
    path: ${users}
`
