/** The world's own polkit: who may do what is said by a rule, since nobody is there to type a password. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installHelper } from '../install-helper.ts'
import { end } from './dockerd.ts'
import { worldFolder } from './paths.ts'

/** What a rule says to a question. `ask`: the action's own default, a password, which nobody here can be asked for. */
export type PolkitAnswer = 'yes' | 'no' | 'ask'

export interface Polkit {
  answer(answer: PolkitAnswer): Promise<void>
  stop(): Promise<void>
}

const rules = '/etc/polkit-1/rules.d/00-slipway.rules'
const bus = '/run/dbus/system_bus_socket'

/** Starts a system bus and polkit on it. In a world /run and /etc are its own. */
export async function startPolkit(answer: PolkitAnswer): Promise<Polkit> {
  worldFolder()
  write(answer)
  mkdirSync('/run/dbus', { recursive: true })
  const daemon = started('dbus-daemon', ['--system', '--nofork', '--nopidfile', '--nosyslog'])
  await until(() => existsSync(bus))
  let polkit = await startDaemon()
  return {
    async answer(next) {
      write(next)
      await end(polkit, 'SIGTERM', 5_000)
      polkit = await startDaemon()
    },
    async stop() {
      await end(polkit, 'SIGTERM', 5_000)
      await end(daemon, 'SIGTERM', 5_000)
      for (const left of [rules, bus]) rmSync(left, { force: true })
    },
  }
}

function write(answer: PolkitAnswer): void {
  const result = { yes: 'polkit.Result.YES', no: 'polkit.Result.NO', ask: 'polkit.Result.NOT_HANDLED' }[answer]
  // Its script is of 2009: polkit's engine knows no arrows.
  const text = `polkit.addRule(function (action) { if (action.id == "io.slipway.daemon-file") return ${result} })\n`
  writeFileSync(rules, text, { mode: 0o644 })
}

async function startDaemon(): Promise<ChildProcess> {
  const program = ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd'].find((file) => existsSync(file))
  const daemon = started(program ?? 'polkitd', ['--no-debug'])
  // It answers once it has taken its name on the bus.
  await until(() => spawnSync('pkaction', ['--action-id', 'io.slipway.daemon-file']).status === 0)
  return daemon
}

function started(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // what waits for it tells
  return child
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++, await sleep(50)) if (holds()) return
  throw new Error(`polkit does not start: ${holds.toString()}`)
}

/** Folders of the machine that the helper writes into, as it is installed and as it works. */
const written = ['/usr/lib', '/usr/share/polkit-1', '/var/lib'] as const

/** Installs the helper in this world alone. Nothing of it is left after the function that it gives. */
export function installInWorld(): () => void {
  const layers = mkdtempSync(join(worldFolder(), 'installed-'))
  for (const folder of written) {
    const [upper, work] = ['upper', 'work'].map((part) => join(layers, part, folder))
    for (const path of [upper!, work!]) mkdirSync(path, { recursive: true, mode: 0o755 })
    mount('-t', 'overlay', '-o', `lowerdir=${folder},upperdir=${upper},workdir=${work}`, 'overlay', folder)
  }
  installHelper('/')
  return () => {
    for (const folder of written.toReversed()) spawnSync('umount', ['--lazy', folder])
    rmSync(layers, { recursive: true, force: true })
  }
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`)
}
