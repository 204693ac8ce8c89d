/** The plan of restoring a backup of daemon.json: only its mirrors, or the whole file if the current one is not JSON. */
import { readDaemonFile, type FileFaultCode, type FileText } from './file.ts'
import type { Obstacle } from './plan.ts'
import { namedSettings } from './repair.ts'
import { settingType } from './settings.ts'
import { isBlocked, type ShownMirrorPlan } from './shown.ts'

/** What replacing the whole file by a backup changes, besides the mirrors. */
export interface WholeRestore {
  /** Settings that the backup lacks. Those of the current file are found as far as it can be read. */
  readonly loses: readonly string[]
  /** Settings that only the backup has. */
  readonly gains: readonly string[]
  /** Docker may get another folder for its data. */
  readonly movesData: boolean
}

/** Faults of texts that are JSON nevertheless. */
const jsonFaults: readonly FileFaultCode[] = ['bom', 'duplicate-key', 'huge', 'key-case', 'wrong-type']

/** Whether the whole file may be restored: its text is not JSON (resources/helper, rules.py: check_not_json). */
export function isRestoredWhole(text: FileText): boolean {
  const file = readDaemonFile(text)
  return !file.ok && !jsonFaults.includes(file.fault.code)
}

/**
 * @param text undefined if it is hidden: then nothing can be compared
 * @param backup the names of the backup's settings; undefined if they are unknown
 */
export function planWholeRestore(text: FileText, backup: readonly string[] | undefined): WholeRestore {
  if (text === undefined) return { loses: [], gains: [], movesData: false }
  const isListed = (name: string) => name !== 'registry-mirrors' && settingType(name) !== undefined
  const current = namedSettings(text).filter(isListed)
  const restored = (backup ?? []).filter(isListed)
  const loses = current.filter((name) => !restored.includes(name))
  const gains = restored.filter((name) => !current.includes(name))
  return { loses, gains, movesData: [...loses, ...gains].some((name) => name === 'data-root' || name === 'graph') }
}

/**
 * The plan of a restore, made from the plan to use the backup's mirrors. What prevents the mirrors from being edited does
 * not prevent a whole file from being restored. Only a running engine confirms a change of mirrors.
 */
export function restorePlan(
  plan: ShownMirrorPlan,
  { isWhole, isConnected }: { readonly isWhole: boolean; readonly isConnected: boolean },
): ShownMirrorPlan {
  if (isWhole) return { rows: [], obstacles: plan.obstacles.filter(({ kind }) => wholeFileObstacles.includes(kind)) }
  if (isConnected || isBlocked(plan)) return plan
  return { rows: [], obstacles: [{ kind: 'not-connected', blocks: true }] }
}

const wholeFileObstacles: readonly Obstacle['kind'][] = ['desktop', 'podman', 'elsewhere', 'option', 'unsafe-path']

/** Whether only commands can restore the backup: the whole file, which may lose settings that have been made since. */
export function needsCommands(
  { obstacles }: ShownMirrorPlan,
  { isWhole, hasHelper }: { readonly isWhole: boolean; readonly hasHelper: boolean },
): boolean {
  const blocking = obstacles.filter(({ blocks }) => blocks)
  if (blocking.some(({ kind }) => wholeFileObstacles.includes(kind))) return false
  return isWhole ? !hasHelper : blocking.length > 0
}
