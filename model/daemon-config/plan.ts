/** What a change of Docker's own mirrors will do, as a value: each row can be read aloud, the bytes stand beside them. */
import { readDaemonFile, withMirrors, type FileFault, type FileText } from './file.ts'
import { lineDiff, type DiffLine } from './line-diff.ts'
import { distinctMirrors, parseMirrorAddress, sameMirror, sameMirrors, type WrongAddress } from '../mirrors/address.ts'

/** Whose `daemon.json` it is, and who therefore may write it. */
export type Installation = 'system' | 'rootless' | 'snap' | 'desktop' | 'podman' | 'elsewhere'

/** What is so around the file, as it was found. */
export interface Situation {
  readonly installation: Installation
  /** The mirrors given to dockerd as an option. Whoever gives them so cannot name any in the file, not even `[]`. */
  readonly asOption: readonly string[]
  /** The `hosts.toml` for Docker Hub, where there is one. */
  readonly hostsToml?: string
  /** What the engine says it uses; not known while it does not answer. */
  readonly inForce?: readonly string[]
  /** The running containers, by name: a restart stops them. */
  readonly running: readonly string[]
}

export type PlanRow =
  /** Docker asks it, in this order; `moved` is one that the file named in another place. */
  | { readonly kind: 'asks'; readonly mirror: string; readonly was: 'new' | 'kept' | 'moved' }
  | { readonly kind: 'drops'; readonly mirror: string }
  /** No mirror is left: Docker Hub is asked directly. */
  | { readonly kind: 'clears' }
  /** `filled`: it was there, with nothing in it. */
  | { readonly kind: 'file'; readonly does: 'made' | 'filled' | 'edited' }
  | { readonly kind: 'password' }
  /** Taken up without a restart: no container stops. */
  | { readonly kind: 'reload' }
  | { readonly kind: 'restart' }

/** What stands in the way, or should be known before. */
export type Obstacle =
  | { readonly kind: 'desktop' | 'podman' | 'elsewhere' | 'too-many'; readonly blocks: true }
  | { readonly kind: 'file'; readonly blocks: true; readonly fault: FileFault }
  | { readonly kind: 'option'; readonly blocks: true; readonly mirrors: readonly string[] }
  | { readonly kind: 'address'; readonly blocks: true; readonly typed: string; readonly why: WrongAddress }
  /** Where the containerd store is in use, it overrides the mirrors. */
  | { readonly kind: 'hosts-toml'; readonly blocks: false; readonly path: string }
  | { readonly kind: 'plain'; readonly blocks: false; readonly mirror: string }
  /** snap knows no reload: Docker goes down and comes up again, and with it what runs. */
  | { readonly kind: 'restart'; readonly blocks: false; readonly stops: readonly string[] }

export interface FileChange {
  readonly before: FileText
  readonly after: string
  readonly diff: readonly DiffLine[]
}

export interface MirrorPlan {
  readonly rows: readonly PlanRow[]
  /** Those that block come first. */
  readonly obstacles: readonly Obstacle[]
  /** Absent where the file cannot be edited so, or where all is so already. It is there to be shown even if blocked. */
  readonly change?: FileChange
}

/** Whether a plan can be carried out as it stands. */
export const isBlocked = ({ obstacles }: MirrorPlan): boolean => obstacles.some(({ blocks }) => blocks)

/** What it takes that docker in the terminal uses these mirrors, in this order, and no others. */
export function planMirrors(file: FileText, wish: readonly string[], situation: Situation): MirrorPlan {
  const read = readDaemonFile(file)
  const before = distinctMirrors(read.ok ? read.settings.mirrors : [])
  const { mirrors, wrong, plain } = understood(wish, before)
  const edited = withMirrors(file, mirrors)
  const refused = edited.ok ? wrong : [refusal(edited.fault), ...wrong]
  const found: Obstacle[] = [...inTheWay(situation), ...refused, ...hostsToml(situation), ...plain]
  if (!edited.ok || refused.length > 0) return { rows: [], obstacles: found }

  const rows = mirrorRows(before, mirrors)
  const { inForce = mirrors, installation, running } = situation
  if (sameMirrors(before, mirrors) && sameMirrors(inForce, mirrors)) return { rows, obstacles: found }
  const after = edited.text
  const restarts = installation === 'snap'
  return {
    rows: [...rows, ...fileRows(file, after), ...doingRows(installation)],
    obstacles: restarts ? [...found, { kind: 'restart', blocks: false, stops: running }] : found,
    change: { before: file, after, diff: lineDiff(file ?? '', after) },
  }
}

/** The wished mirrors, as they will be written, each once. What the file names already stays as it is written there. */
function understood(wish: readonly string[], before: readonly string[]) {
  const mirrors: string[] = []
  const wrong: Obstacle[] = []
  const plain: Obstacle[] = []
  for (const typed of wish) {
    const parsed = parseMirrorAddress(typed)
    const address = parsed.ok ? parsed.address : typed
    const kept = before.find((mirror) => sameMirror(mirror, address))
    if (!parsed.ok && kept === undefined) wrong.push({ kind: 'address', blocks: true, typed, why: parsed.why })
    else mirrors.push(kept ?? address)
    if (parsed.ok && parsed.plain) plain.push({ kind: 'plain', blocks: false, mirror: address })
  }
  return { mirrors: distinctMirrors(mirrors), wrong, plain }
}

function inTheWay({ installation, asOption }: Situation): Obstacle[] {
  if (installation === 'desktop' || installation === 'podman' || installation === 'elsewhere')
    return [{ kind: installation, blocks: true }]
  return asOption.length > 0 ? [{ kind: 'option', blocks: true, mirrors: asOption }] : []
}

const refusal = (fault: FileFault | { readonly code: 'too-many' }): Obstacle =>
  fault.code === 'too-many' ? { kind: 'too-many', blocks: true } : { kind: 'file', blocks: true, fault }

const hostsToml = ({ hostsToml: path }: Situation): Obstacle[] =>
  path === undefined ? [] : [{ kind: 'hosts-toml', blocks: false, path }]

function mirrorRows(before: readonly string[], mirrors: readonly string[]): PlanRow[] {
  const asks = mirrors.map((mirror, index): PlanRow => {
    const was = before.indexOf(mirror)
    return { kind: 'asks', mirror, was: was < 0 ? 'new' : was === index ? 'kept' : 'moved' }
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

const doingRows = (installation: Installation): PlanRow[] => [
  ...(installation === 'rootless' ? [] : [{ kind: 'password' } as const]),
  { kind: installation === 'snap' ? 'restart' : 'reload' },
]

/** Those that the file named before the plan, in no order of their own. */
export const namedBefore = (rows: readonly PlanRow[]): string[] =>
  rows.flatMap((row) => (row.kind === 'drops' || (row.kind === 'asks' && row.was !== 'new') ? [row.mirror] : []))
