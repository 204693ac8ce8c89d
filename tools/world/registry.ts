/** A real registry (Debian's docker-registry) on loopback, for a test or a demo. Nothing of it is left after `stop`. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, hasEnded } from './dockerd.ts'
import { openGate, type Weather } from './gate.ts'
import { registryProgram, worldFolder } from './place.ts'

export interface RegistryWish {
  readonly port?: number
  /** What its folder is called; by default it has a number. */
  readonly name?: string
}

export interface Registry {
  readonly port: number
  /** As in an image's name: `127.0.0.1:PORT`. */
  readonly host: string
  /** The same past its weather, for those who only look after it. */
  readonly direct: string
  /** What it has logged: each request is a line. */
  log(): string
  /** How it answers from now on; without anything, as fast as it can. */
  behave(weather?: Weather): void
  /** Ends it and removes all that it holds. */
  stop(): Promise<void>
}

let started = 0

/** Starts an empty registry and waits until it answers. */
export async function startRegistry({ port, name = `registry-${++started}` }: RegistryWish = {}): Promise<Registry> {
  const root = join(worldFolder(), name)
  const [config, logFile] = [join(root, 'config.yml'), join(root, 'registry.log')]
  mkdirSync(root)
  writeFileSync(config, settings(root))
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
      log,
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
