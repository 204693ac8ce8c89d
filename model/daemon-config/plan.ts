/** The plan of a change of the engine's mirrors: its effects, row by row, and the exact text that is written. */
import { readDaemonFile, withMirrors, type FileFault, type FileText } from './file.ts'
import type { Edit } from './list-edit.ts'
import { lineDiff, type DiffLine } from './line-diff.ts'
import { distinctMirrors, parseMirrorAddress, sameMirror, sameMirrors, type AddressFault } from '../mirrors/address.ts'

/** How the engine is installed, which decides where its `daemon.json` is and who may write it. */
export type Installation = 'system' | 'rootless' | 'snap' | 'desktop' | 'podman' | 'elsewhere'

/** The circumstances, besides the file's text, that determine the effect of a change. */
export interface DaemonEnvironment {
  readonly installation: Installation
  /** The mirrors given to dockerd as flags. With such flags, the file must not have the key, not even as `[]`. */
  readonly cliFlags: readonly string[]
  /** Path of the `hosts.toml` for Docker Hub; absent if there is none. */
  readonly hostsToml?: string
  /** A folder or link on the way to the file that other users could change; absent if the helper is not used. */
  readonly unsafePath?: string
  /** The mirrors that the engine reports; absent while it does not answer. */
  readonly inForce?: readonly string[]
  /** Names of the running containers, which a restart stops. */
  readonly running: readonly string[]
}

export type PlanRow =
  /** A mirror that the engine will use, in this order. `moved`: the file has it at another position. */
  | { readonly kind: 'asks'; readonly mirror: string; readonly was: 'new' | 'kept' | 'moved' }
  | { readonly kind: 'drops'; readonly mirror: string }
  /** No mirror is left, so the engine pulls from Docker Hub directly. */
  | { readonly kind: 'clears' }
  /** `filled`: the file existed but was empty. */
  | { readonly kind: 'file'; readonly does: 'made' | 'filled' | 'edited' }
  | { readonly kind: 'password' }
  /** The engine reloads the file without a restart, so no container stops. */
  | { readonly kind: 'reload' }
  | { readonly kind: 'restart' }

/** A reason why the change is not possible (`blocks`), or a warning about the change. */
export type Obstacle =
  | { readonly kind: 'desktop' | 'podman' | 'elsewhere' | 'too-many'; readonly blocks: true }
  /** A restore, while no engine answers that could confirm it. */
  | { readonly kind: 'not-connected'; readonly blocks: true }
  | { readonly kind: 'file'; readonly blocks: true; readonly fault: FileFault }
  | { readonly kind: 'option'; readonly blocks: true; readonly mirrors: readonly string[] }
  /** Other users could change this folder or link on the way to the file, so the helper refuses the file. */
  | { readonly kind: 'unsafe-path'; readonly blocks: true; readonly path: string }
  | { readonly kind: 'address'; readonly blocks: true; readonly typed: string; readonly why: AddressFault }
  /** With the containerd store, `hosts.toml` overrides the mirrors. */
  | { readonly kind: 'hosts-toml'; readonly blocks: false; readonly path: string }
  | { readonly kind: 'plain'; readonly blocks: false; readonly mirror: string }
  /** The snap package cannot reload: the engine restarts, and with it the running containers. */
  | { readonly kind: 'restart'; readonly blocks: false; readonly stops: readonly string[] }

export interface FileChange {
  readonly before: FileText
  readonly after: string
  readonly diff: readonly DiffLine[]
}

/** `edits`: the edits of `before` that give `after`. */
export interface FileEdit extends FileChange {
  readonly edits: readonly Edit[]
}

export interface MirrorPlan {
  readonly rows: readonly PlanRow[]
  /** Blocking obstacles first. */
  readonly obstacles: readonly Obstacle[]
  /**
   * Absent if the file or an address is invalid, there are too many mirrors, or nothing would change. A plan that is
   * blocked for another reason has a change, so that it can be shown.
   */
  readonly change?: FileEdit
}

/** The plan that makes the engine use exactly these mirrors, in this order. */
export function planMirrors(file: FileText, requested: readonly string[], environment: DaemonEnvironment): MirrorPlan {
  const read = readDaemonFile(file)
  const before = distinctMirrors(read.ok ? read.settings.mirrors : [])
  const { mirrors, invalid, plainHttpWarnings } = resolveAddresses(requested, before)
  const edited = withMirrors(file, mirrors)
  const blocking = edited.ok ? invalid : [fileObstacle(edited.fault), ...invalid]
  const obstacles: Obstacle[] = [
    ...installationObstacles(environment),
    ...blocking,
    ...hostsTomlWarning(environment),
    ...plainHttpWarnings,
  ]
  if (!edited.ok || blocking.length > 0) return { rows: [], obstacles }

  const rows = mirrorRows(before, mirrors)
  const { inForce = mirrors, installation, running } = environment
  if (sameMirrors(before, mirrors) && sameMirrors(inForce, mirrors)) return { rows, obstacles }
  const after = edited.text
  const restarts = installation === 'snap'
  return {
    rows: [...rows, ...fileRows(file, after), ...applyRows(installation)],
    obstacles: restarts ? [...obstacles, { kind: 'restart', blocks: false, stops: running }] : obstacles,
    change: { before: file, after, edits: edited.edits, diff: lineDiff(file ?? '', after) },
  }
}

/**
 * The requested mirrors as they will be written, without duplicates. Mirrors already in the file keep their spelling.
 */
function resolveAddresses(requested: readonly string[], before: readonly string[]) {
  const mirrors: string[] = []
  const invalid: Obstacle[] = []
  const plainHttpWarnings: Obstacle[] = []
  for (const typed of requested) {
    const parsed = parseMirrorAddress(typed)
    const address = parsed.ok ? parsed.address : typed
    const existing = before.find((mirror) => sameMirror(mirror, address))
    if (!parsed.ok && existing === undefined) invalid.push({ kind: 'address', blocks: true, typed, why: parsed.why })
    else mirrors.push(existing ?? address)
    if (parsed.ok && parsed.plain) plainHttpWarnings.push({ kind: 'plain', blocks: false, mirror: address })
  }
  return { mirrors: distinctMirrors(mirrors), invalid, plainHttpWarnings }
}

function installationObstacles({ installation, cliFlags, unsafePath: path }: DaemonEnvironment): Obstacle[] {
  if (installation === 'desktop' || installation === 'podman' || installation === 'elsewhere')
    return [{ kind: installation, blocks: true }]
  const unsafe: Obstacle[] = path === undefined ? [] : [{ kind: 'unsafe-path', blocks: true, path }]
  return cliFlags.length > 0 ? [...unsafe, { kind: 'option', blocks: true, mirrors: cliFlags }] : unsafe
}

/** The plan for a file that cannot be edited because of this fault. */
export const blockedPlan = (fault: FileFault): MirrorPlan => ({ rows: [], obstacles: [fileObstacle(fault)] })

const fileObstacle = (fault: FileFault | { readonly code: 'too-many' }): Obstacle =>
  fault.code === 'too-many' ? { kind: 'too-many', blocks: true } : { kind: 'file', blocks: true, fault }

const hostsTomlWarning = ({ hostsToml: path }: DaemonEnvironment): Obstacle[] =>
  path === undefined ? [] : [{ kind: 'hosts-toml', blocks: false, path }]

function mirrorRows(before: readonly string[], mirrors: readonly string[]): PlanRow[] {
  const asks = mirrors.map((mirror, index): PlanRow => {
    const oldIndex = before.indexOf(mirror)
    return { kind: 'asks', mirror, was: oldIndex < 0 ? 'new' : oldIndex === index ? 'kept' : 'moved' }
  })
  const drops = before
    .filter((mirror) => !mirrors.includes(mirror))
    .map((mirror): PlanRow => ({ kind: 'drops', mirror }))
  return [...asks, ...drops, ...(mirrors.length === 0 ? [{ kind: 'clears' } as const] : [])]
}

function fileRows(file: FileText, after: string): PlanRow[] {
  if (after === file) return []
  return [{ kind: 'file', does: file === undefined ? 'made' : file.trim() === '' ? 'filled' : 'edited' }]
}

const applyRows = (installation: Installation): PlanRow[] => [
  ...(installation === 'rootless' ? [] : [{ kind: 'password' } as const]),
  { kind: installation === 'snap' ? 'restart' : 'reload' },
]
