/** The root helper in a world: installed, beside an engine that is where an installed Docker is. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { openHelper, type Helper, type HelperStep, type HelperWish } from '../../main/mirrors/helper.ts'
import type { Engine } from '../../tools/world/engine.ts'
import { usual } from '../../tools/world/dockerd.ts'

export const file = usual.config
export const installed = '/usr/lib/slipway/slipway-daemon-file'

export const hashOf = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

/** What must be as it was, or as it was meant: bytes, mode, owner. Nothing where there is no file. */
export function state() {
  if (!existsSync(file)) return undefined
  const { mode, uid, gid } = statSync(file)
  return { text: readFileSync(file, 'latin1'), mode: (mode & 0o7777).toString(8), owner: `${uid}:${gid}` }
}

export interface FileWish {
  readonly mode?: number
  readonly owner?: readonly [number, number]
}

export function write(text: string | Uint8Array | undefined, { mode = 0o644, owner = [0, 0] }: FileWish = {}) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
  rmSync(file, { force: true, recursive: true })
  if (text === undefined) return
  writeFileSync(file, text)
  chmodSync(file, mode)
  chownSync(file, ...owner)
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

/** Opens the helper as root, without pkexec unless that is what is tried. */
export async function opened(wish: HelperWish = {}): Promise<Told> {
  const steps: HelperStep[] = []
  const helper = await openHelper({ command: [installed], onStep: (step) => void steps.push(step), ...wish })
  if (!helper.ok) throw new Error(JSON.stringify(helper.error))
  return { helper: helper.value, steps }
}

/** One change to its end, by a helper of its own. */
export async function changed(newText: string, then: 'keep' | 'undo' | 'leave' = 'keep') {
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

/** Whatever a test did, no process of the helper outlives it. */
export function noHelperLeft(): void {
  const running = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n')
  const left = running.filter((line) => line.includes('slipway-daemon-file'))
  if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`)
}
