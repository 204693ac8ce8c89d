/** What the window is shown of plans for daemon.json. Of a masked file, it sees no lines but those that change. */
import type { FileFault } from './file.ts'
import type { DiffLine } from './line-diff.ts'
import type { MirrorPlan, Obstacle } from './plan.ts'
import type { RepairPlan } from './repair.ts'

export interface ShownChange {
  readonly diff: readonly DiffLine[]
  /**
   * Only an administrator can read the file: the diff has only the lines that change, with an x for each byte of texts
   * that are neither names of settings nor mirrors or insecure registries.
   */
  readonly isMasked: boolean
}

export interface ShownMirrorPlan extends Omit<MirrorPlan, 'change'> {
  readonly change?: ShownChange
}

/** Whether an obstacle prevents the plan from being applied. */
export const isBlocked = ({ obstacles }: Pick<MirrorPlan, 'obstacles'>): boolean =>
  obstacles.some(({ blocks }) => blocks)

export function shownMirrorPlan({ change, rows, obstacles }: MirrorPlan, isMasked: boolean): ShownMirrorPlan {
  if (!isMasked) return { rows, obstacles, ...(change && { change: { diff: change.diff, isMasked } }) }
  const diff = change?.diff.filter(({ kind }) => kind !== 'same')
  return { rows, obstacles: obstacles.map(withoutLine), ...(diff && { change: { diff, isMasked } }) }
}

/**
 * A masked text cannot be mended, since its words are not known.
 *
 * @param fault why the text could not even be masked
 */
export function maskedRepairPlan(plan: RepairPlan, fault?: FileFault): RepairPlan {
  const faults = fault?.code === 'hidden' ? [{ ...fault, code: fault.code }] : plan.faults.map(hideLine)
  return { faults, remaining: faults, drops: [], named: plan.named, isMend: false }
}

const withoutLine = (obstacle: Obstacle): Obstacle =>
  obstacle.kind === 'file' ? { ...obstacle, fault: hideLine(obstacle.fault) } : obstacle

const hideLine = <Fault extends Pick<FileFault, 'place'>>(fault: Fault): Fault =>
  fault.place ? { ...fault, place: { ...fault.place, text: '', mark: 0 } } : fault
