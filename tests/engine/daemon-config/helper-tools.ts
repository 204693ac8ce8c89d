/** Tools for tests of the helper: root's helper or a rootless user's helper, and the daemon.json that it changes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { openHelper, type Helper, type HelperStep, type HelperOptions } from '../../../main/daemon-config/helper.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { nobody, bindMount } from '../../../tools/world/rootless.ts'

export const file = systemPaths.config
export const installedHelper = '/usr/lib/slipway/slipway-daemon-file'
export const installedRestoreHelper = '/usr/lib/slipway/slipway-daemon-file-restore'

/**
 * A daemon.json and the helper that changes it: the system's file and root's helper, or a rootless user's file and that
 * user's helper.
 */
export interface HelperScope {
  readonly file: string
  readonly owner: readonly [number, number]
  /**
   * The beginning of the command, which makes the helper run as the scope's user. Empty if that is this process's user.
   */
  readonly runAs: readonly string[]
  /** The folder of the helper's program and its Python modules. */
  readonly programFolder: string
  readonly program: string
  /** The program that replaces the whole file. For a rootless user, it is the same program. */
  readonly restoreProgram: string
  readonly env?: Readonly<Record<string, string>>
  /** The folder in which the helper stores its backups and its journal. */
  readonly stateFolder: string
}

export const rootScope: HelperScope = {
  file,
  owner: [0, 0],
  runAs: [],
  programFolder: dirname(installedHelper),
  program: installedHelper,
  restoreProgram: installedRestoreHelper,
  stateFolder: '/var/lib/slipway',
}

const repository = join(import.meta.dirname, '../../..')

/** The scope of a rootless user with this environment. The user is nobody, or root with `asRoot`. */
export function userScope(env: Readonly<Record<string, string>>, asRoot = false): HelperScope {
  const home = env['HOME'] ?? ''
  // The user nobody may not be able to read the repository, so the helper is mounted in a readable folder.
  const programFolder = asRoot ? join(repository, 'resources/helper') : mountHelperForNobody()
  return {
    file: join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'docker/daemon.json'),
    owner: asRoot ? [0, 0] : [nobody, nobody],
    runAs: asRoot ? [] : asNobody,
    programFolder,
    program: join(programFolder, 'slipway-own-daemon-file'),
    restoreProgram: join(programFolder, 'slipway-own-daemon-file'),
    env,
    stateFolder: join(env['XDG_STATE_HOME'] ?? join(home, '.local/state'), 'slipway'),
  }
}

export const asNobody = ['/usr/bin/setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const
const mountHelperForNobody = () => bindMount(join(repository, 'resources/helper'), '/opt/slipway-helper')

/** The command that starts the helper of a scope. */
export function commandOf({ runAs, program }: HelperScope): [string, ...string[]] {
  const [first, ...rest] = runAs
  return first === undefined ? [program] : [first, ...rest, program]
}

export const hashOf = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

/** The request of a change that replaces one text by another: the bytes that differ are one edit. */
export function changeTo(before: string | Uint8Array | undefined, after: string) {
  const [old, current] = [Buffer.from(before ?? ''), Buffer.from(after)]
  const isInsideCharacter = (index: number) => [old, current].some((bytes) => (bytes[index] ?? 0) >> 6 === 0b10)
  const shorter = Math.min(old.length, current.length)
  let start = 0
  while (start < shorter && old[start] === current[start]) start += 1
  while (start > 0 && isInsideCharacter(start)) start -= 1
  let tail = 0
  while (tail < shorter - start && old.at(-1 - tail) === current.at(-1 - tail)) tail += 1
  while (tail > 0 && (old[old.length - tail] ?? 0) >> 6 === 0b10) tail -= 1
  const edit = [start, old.length - tail - start, current.toString('utf8', start, current.length - tail)] as const
  return { oldHash: before === undefined ? undefined : hashOf(before), edits: [edit] }
}

/** The same request as the line that the helper reads. */
export const changeLine = (before: string | Uint8Array | undefined, after: string) => {
  const { oldHash = null, edits } = changeTo(before, after)
  return { verb: 'change', oldHash, edits }
}

export interface FileOptions {
  readonly mode?: number
  readonly owner?: readonly [number, number]
}

/** Reads the mirrors that the engine uses, without trailing slashes. */
export async function readMirrors(engine: Engine): Promise<string[]> {
  const { RegistryConfig } = (await engine.docker.info()) as { RegistryConfig: { Mirrors: string[] | null } }
  return (RegistryConfig.Mirrors ?? []).map((mirror) => mirror.replace(/\/$/, ''))
}

export interface StartedHelper {
  readonly helper: Helper
  /** The steps that the helper has reported so far. */
  readonly steps: readonly HelperStep[]
}

/** Functions that read and write the daemon.json of a scope, and start its helper. */
export function helperTools(scope: HelperScope) {
  const { file } = scope

  /** @returns text, mode and owner of the file, or undefined if there is no file. Each byte is one latin1 character. */
  function readState() {
    if (!existsSync(file)) return undefined
    const { mode, uid, gid } = statSync(file)
    return { text: readFileSync(file, 'latin1'), mode: (mode & 0o7777).toString(8), owner: `${uid}:${gid}` }
  }

  /** Replaces the file; undefined removes it. */
  function write(text: string | Uint8Array | undefined, { mode = 0o644, owner = scope.owner }: FileOptions = {}) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    rmSync(file, { force: true, recursive: true })
    if (text === undefined) return
    writeFileSync(file, text)
    chmodSync(file, mode)
    chownSync(file, ...owner)
  }

  /** Starts the helper directly as the scope's user, without pkexec. `options.command` overrides the command. */
  async function startHelper(options: HelperOptions = {}): Promise<StartedHelper> {
    const steps: HelperStep[] = []
    const onStep = (step: HelperStep) => void steps.push(step)
    const helper = await openHelper({
      command: commandOf(scope),
      ...(scope.env && { env: scope.env }),
      onStep,
      ...options,
    })
    if (!helper.ok) throw new Error(JSON.stringify(helper.error))
    return { helper: helper.value, steps }
  }

  /** Starts the helper that replaces the whole file. */
  const startRestoreHelper = () => startHelper({ command: commandOf({ ...scope, program: scope.restoreProgram }) })

  /** Starts a helper, changes the file, and then keeps or undoes the change, or only ends the helper (`leave`). */
  async function changeFile(newText: string, then: 'keep' | 'undo' | 'leave' = 'keep') {
    const { helper, steps } = await startHelper()
    try {
      const before = readState()
      const answer = await helper.change(changeTo(before && Buffer.from(before.text, 'latin1'), newText))
      const last = answer.ok && then !== 'leave' ? await helper[then]() : undefined
      return { answer, last, steps }
    } finally {
      await helper.end()
    }
  }
  return { readState, write, startHelper, startRestoreHelper, changeFile }
}

export const { readState, write, startHelper, startRestoreHelper, changeFile } = helperTools(rootScope)

/** @throws if a helper still runs */
export function expectNoHelperRunning(): void {
  const running = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n')
  const helpers = running.filter((line) => /slipway-(own-)?daemon-file/.test(line))
  if (helpers.length > 0) throw new Error(`still running: ${helpers.join(', ')}`)
}
