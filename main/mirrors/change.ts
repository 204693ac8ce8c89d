/** A change of Docker's own mirrors, step by step: until the last of them, whatever goes wrong puts everything back. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import * as v from 'valibot'
import { sameMirrors } from '../../model/mirror-address.ts'
import type { DaemonFileFailure, DaemonStep, Failure, JobItem, Result } from '../../preload/contract/index.ts'
import { list } from '../engine/index.ts'
import type { Working } from '../jobs.ts'
import type { Changed, Helper, HelperWish } from './helper.ts'

/** Opens the one who may write the file: root's helper, or Slipway itself where the file is the user's. */
export type OpenHelper = (wish: HelperWish) => Promise<Result<Helper, DaemonFileFailure>>

export interface ChangeWish {
  readonly steps: readonly DaemonStep[]
  /** Those that Docker has afterwards; asked once the file is written. */
  readonly mirrors: () => readonly string[]
  /** The change itself. */
  readonly write: (helper: Helper) => Promise<Result<Changed, DaemonFileFailure>>
  /** Whether Docker can pull with them: why not. Left out where there is no mirror to be tried. */
  readonly tryThem?: ((signal: AbortSignal) => Promise<Failure | undefined>) | undefined
}

interface Needs {
  readonly open: OpenHelper
  readonly docker: () => Result<Docker>
}

/** The engine reloads in a tenth of a second; snap's restarts in some ten. */
const takenUpWithin = 30_000
const pulledWithin = 90_000

/** Whether it was done and kept. What was not is told by the job. */
export async function changeMirrors({ open, docker }: Needs, wish: ChangeWish, job: Working): Promise<boolean> {
  const { steps, mirrors, write, tryThem } = wish
  const mark = (step: DaemonStep, change: Partial<JobItem>) => {
    const at = steps.indexOf(step)
    if (at >= 0) job.item(at, change)
  }
  /** The first that is not done is under way. */
  const done = (step: DaemonStep) => {
    mark(step, { state: 'done' })
    const next = steps[steps.indexOf(step) + 1]
    if (next) mark(next, { state: 'running' })
  }
  const failed = (failure: Failure) => {
    const at = job.items.findIndex(({ state }) => state === 'running')
    if (at >= 0) job.item(at, { state: 'failed' })
    steps.forEach((_, index) => job.items[index]?.state === 'waiting' && job.item(index, { state: 'kept' }))
    job.fail(failure)
    return false
  }

  mark(steps[0]!, { state: 'running' })
  const opened = await open({ onStep: (step) => step !== 'put-back' && done(step), signal: job.cancelled })
  if (!opened.ok) return failed(opened.error)
  const helper = opened.value
  try {
    done('password')
    const changed = await write(helper)
    if (!changed.ok) return failed(changed.error)
    if (!(await isTakenUp(docker, mirrors(), job.cancelled)))
      return failed({ code: 'daemon-file-not-taken', state: await putBack(helper) })
    done('confirmed')
    const trial = AbortSignal.any([job.cancelled, AbortSignal.timeout(pulledWithin)])
    const why = await tryThem?.(trial).catch((error: unknown): Failure => {
      if (!trial.aborted) console.error('the test pull:', error)
      return { code: 'registry-slow', host: 'docker.io' }
    })
    if (why) {
      mark('pulled', { state: 'failed', failure: why })
      return failed({ code: 'daemon-file-untried', state: await putBack(helper) })
    }
    done('pulled')
    if (job.cancelled.aborted) return failed({ code: 'daemon-file-given-up', state: await putBack(helper) })
    const kept = await helper.keep()
    if (!kept.ok) return failed(kept.error)
    done('kept')
    return true
  } finally {
    await helper.end()
  }
}

async function putBack(helper: Helper) {
  const undone = await helper.undo()
  if (undone.ok) return undone.value
  return 'state' in undone.error ? undone.error.state : 'unsure'
}

const info = v.object({ RegistryConfig: v.nullish(v.object({ Mirrors: list(v.string()) })) })

/** Whether the engine says that it has these. It may be away for a moment: a snap's is started anew. */
async function isTakenUp(docker: Needs['docker'], mirrors: readonly string[], cancelled: AbortSignal) {
  const late = AbortSignal.timeout(takenUpWithin)
  while (!late.aborted && !cancelled.aborted) {
    const now = docker()
    const told = now.ok ? v.safeParse(info, await now.value.info().catch(() => undefined)) : undefined
    if (told?.success && sameMirrors(told.output.RegistryConfig?.Mirrors ?? [], mirrors)) return true
    await delay(200)
  }
  return false
}
