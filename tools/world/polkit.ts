/** The world's own polkit. A rule gives the answers, because no one can type a password in a test. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installHelper } from '../install-helper.ts'
import { terminate } from './dockerd.ts'
import { worldFolder } from './paths.ts'

/** What the rule decides. `ask`: the action's default, which is to ask for a password. In a world, asking fails. */
export type PolkitAnswer = 'yes' | 'no' | 'ask'

export interface Polkit {
  /** Changes the rule and restarts polkit. `restore`: the answer for the program that replaces the whole file. */
  setAnswer(answer: PolkitAnswer, restore?: PolkitAnswer): Promise<void>
  stop(): Promise<void>
}

const rulesFile = '/etc/polkit-1/rules.d/00-slipway.rules'
const busSocket = '/run/dbus/system_bus_socket'

/** Starts a D-Bus system bus, and polkit on it. They use the world's own /run and /etc. */
export async function startPolkit(answer: PolkitAnswer): Promise<Polkit> {
  worldFolder() // throws outside of a world
  writeRule(answer)
  mkdirSync('/run/dbus', { recursive: true })
  const busDaemon = spawnDaemon('dbus-daemon', ['--system', '--nofork', '--nopidfile', '--nosyslog'])
  await waitUntil(() => existsSync(busSocket))
  let polkitd = await startPolkitd()
  return {
    async setAnswer(newAnswer, restore) {
      writeRule(newAnswer, restore)
      await terminate(polkitd, 'SIGTERM', 5_000)
      polkitd = await startPolkitd()
    },
    async stop() {
      await terminate(polkitd, 'SIGTERM', 5_000)
      await terminate(busDaemon, 'SIGTERM', 5_000)
      for (const path of [rulesFile, busSocket]) rmSync(path, { force: true })
    },
  }
}

const results = { yes: 'polkit.Result.YES', no: 'polkit.Result.NO', ask: 'polkit.Result.NOT_HANDLED' } as const

function writeRule(answer: PolkitAnswer, restore = answer): void {
  // polkit's JavaScript engine does not support arrow functions.
  const ruleFor = (action: string, result: PolkitAnswer) =>
    `polkit.addRule(function (action) { if (action.id == "${action}") return ${results[result]} })\n`
  const rules = [ruleFor('io.slipway.daemon-file', answer), ruleFor('io.slipway.daemon-file.restore', restore)]
  writeFileSync(rulesFile, rules.join(''), { mode: 0o644 })
}

async function startPolkitd(): Promise<ChildProcess> {
  const program = ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd'].find((file) => existsSync(file))
  const polkitd = spawnDaemon(program ?? 'polkitd', ['--no-debug'])
  // pkaction succeeds once polkitd owns its name on the bus.
  await waitUntil(() => spawnSync('pkaction', ['--action-id', 'io.slipway.daemon-file']).status === 0)
  return polkitd
}

function spawnDaemon(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // waitUntil reports a failed start
  return child
}

/** Fails after about 10 s. */
async function waitUntil(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++, await sleep(50)) if (condition()) return
  throw new Error(`polkit does not start: ${condition.toString()}`)
}

/** The machine's folders into which the helper is installed and to which it writes. */
const helperFolders = ['/usr/lib', '/usr/share/polkit-1', '/var/lib'] as const

/**
 * Installs Slipway's helper in this world only, by overlay mounts over the machine's folders.
 * @returns a function that uninstalls the helper
 */
export function installHelperInWorld(): () => void {
  const overlays = mkdtempSync(join(worldFolder(), 'installed-'))
  for (const folder of helperFolders) {
    const [upper, work] = ['upper', 'work'].map((part) => join(overlays, part, folder))
    for (const path of [upper!, work!]) mkdirSync(path, { recursive: true, mode: 0o755 })
    mount('-t', 'overlay', '-o', `lowerdir=${folder},upperdir=${upper},workdir=${work}`, 'overlay', folder)
  }
  installHelper('/')
  return () => {
    for (const folder of helperFolders.toReversed()) spawnSync('umount', ['--lazy', folder])
    rmSync(overlays, { recursive: true, force: true })
  }
}

/**
 * Replaces pkexec by a shell script, in this world only. polkit never asks root, as which most tests run.
 * @returns a function that brings pkexec back
 */
export function replacePkexec(script: string): () => void {
  const file = join(mkdtempSync(join(worldFolder(), 'pkexec-')), 'pkexec')
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  mount('--bind', file, '/usr/bin/pkexec')
  return () => void spawnSync('umount', ['--lazy', '/usr/bin/pkexec'])
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`)
}
