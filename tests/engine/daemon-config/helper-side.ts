/** The helper in a world, root's or a user's own, beside the engine whose file it changes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { openHelper, type Helper, type HelperStep, type HelperOptions } from '../../../main/daemon-config/helper.ts'
import type { Engine } from '../../../tools/world/engine.ts'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { nobody, bindMount } from '../../../tools/world/rootless.ts'

export const file = systemPaths.config
export const installed = '/usr/lib/slipway/slipway-daemon-file'

/** Whose file is changed, and by what. */
export interface Side {
  readonly file: string
  readonly owner: readonly [number, number]
  /** What starts the helper, but for the program and its words. */
  readonly as: readonly string[]
  /** The folder of the program, with its modules. */
  readonly folder: string
  readonly program: string
  readonly env?: Readonly<Record<string, string>>
  /** Where it keeps its backups and its journal. */
  readonly vault: string
}

export const rootSide: Side = {
  file,
  owner: [0, 0],
  as: [],
  folder: dirname(installed),
  program: installed,
  vault: '/var/lib/slipway',
}

const repository = join(import.meta.dirname, '../../..')

/** The own side of the user who has `HOME` at `home`; nobody, unless it is root. */
export function ownSide(env: Readonly<Record<string, string>>, asRoot = false): Side {
  const home = env['HOME'] ?? ''
  // Nobody need not be able to reach the clone.
  const helper = asRoot ? join(repository, 'resources/helper') : helperForNobody()
  return {
    file: join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'docker/daemon.json'),
    owner: asRoot ? [0, 0] : [nobody, nobody],
    as: asRoot ? [] : asNobody,
    folder: helper,
    program: join(helper, 'slipway-own-daemon-file'),
    env,
    vault: join(env['XDG_STATE_HOME'] ?? join(home, '.local/state'), 'slipway'),
  }
}

export const asNobody = ['/usr/bin/setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const
const helperForNobody = () => bindMount(join(repository, 'resources/helper'), '/opt/slipway-helper')

/** The whole command. */
export function commandOf({ as, program }: Side): [string, ...string[]] {
  const [first, ...rest] = as
  return first === undefined ? [program] : [first, ...rest, program]
}

export const hashOf = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

export interface FileWish {
  readonly mode?: number
  readonly owner?: readonly [number, number]
}

/** The mirrors in force, as the engine says. */
export async function mirrorsOf(engine: Engine): Promise<string[]> {
  const { RegistryConfig } = (await engine.docker.info()) as { RegistryConfig: { Mirrors: string[] | null } }
  return (RegistryConfig.Mirrors ?? []).map((mirror) => mirror.replace(/\/$/, ''))
}

export interface Told {
  readonly helper: Helper
  readonly steps: readonly HelperStep[]
}

/** What tests do with the file and the helper of a side. */
export function helpedOn(side: Side) {
  const { file } = side

  /** What must be as it was, or as it was meant: bytes, mode, owner. Nothing where there is no file. */
  function state() {
    if (!existsSync(file)) return undefined
    const { mode, uid, gid } = statSync(file)
    return { text: readFileSync(file, 'latin1'), mode: (mode & 0o7777).toString(8), owner: `${uid}:${gid}` }
  }

  function write(text: string | Uint8Array | undefined, { mode = 0o644, owner = side.owner }: FileWish = {}) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    rmSync(file, { force: true, recursive: true })
    if (text === undefined) return
    writeFileSync(file, text)
    chmodSync(file, mode)
    chownSync(file, ...owner)
  }

  /** Opens the helper as whom it is for, without pkexec unless that is what is tried. */
  async function opened(wish: HelperOptions = {}): Promise<Told> {
    const steps: HelperStep[] = []
    const onStep = (step: HelperStep) => void steps.push(step)
    const helper = await openHelper({ command: commandOf(side), ...(side.env && { env: side.env }), onStep, ...wish })
    if (!helper.ok) throw new Error(JSON.stringify(helper.error))
    return { helper: helper.value, steps }
  }

  /** One change to its end, by a helper of its own. */
  async function changed(newText: string, then: 'keep' | 'undo' | 'leave' = 'keep') {
    const { helper, steps } = await opened()
    try {
      const now = state()
      const answer = await helper.change({
        oldHash: now && hashOf(Buffer.from(now.text, 'latin1')),
        newText,
      })
      const last = answer.ok && then !== 'leave' ? await helper[then]() : undefined
      return { answer, last, steps }
    } finally {
      await helper.end()
    }
  }
  return { state, write, opened, changed }
}

export const { state, write, opened, changed } = helpedOn(rootSide)

/** Whatever a test did, no process of the helper outlives it. */
export function noHelperLeft(): void {
  const running = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n')
  const left = running.filter((line) => /slipway-(own-)?daemon-file/.test(line))
  if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`)
}
