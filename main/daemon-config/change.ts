/** A change of Docker's own mirrors, step by step: until the last of them, whatever goes wrong puts everything back. */
import { setTimeout as delay } from 'node:timers/promises'
import { distinctMirrors, sameMirrors } from '../../model/mirrors/address.ts'
import { hub } from '../../model/image/reference.ts'
import {
  daemonSteps,
  type ChangeWay,
  type DaemonFileFailure,
  type DaemonStep,
  type Failure,
  type JobItem,
  type Result,
} from '../../preload/contract/index.ts'
import type { EngineSession } from '../engine/index.ts'
import type { Working } from '../jobs/index.ts'
import type { Changed, Helper, HelperWish } from './helper.ts'
import { mirrorsInForce } from './in-force.ts'

/** Opens the one who may write the file: root's helper, or Slipway itself where the file is the user's. */
export type OpenHelper = (wish: HelperWish) => Promise<Result<Helper, DaemonFileFailure>>

export interface ChangeWish {
  readonly steps: readonly DaemonStep[]
  /** Those that Docker has afterwards; asked once the file is written. */
  readonly mirrors: () => readonly string[]
  /** The change itself. */
  readonly write: (helper: Helper) => Promise<Result<Changed, DaemonFileFailure>>
  /** Whether Docker can pull with them: why not. Not there where there is no mirror to be tried. */
  readonly tryThem?:
    ((session: EngineSession, signal: AbortSignal) => Promise<Failure | 'left-out' | undefined>) | undefined
  /** Done also where Docker does not run: a file that keeps it down is what a backup is for. */
  readonly evenIfDown?: boolean
}

interface Needs {
  readonly open: OpenHelper
  readonly session: () => Result<EngineSession>
}

/** The engine reloads in a tenth of a second; snap's restarts in some ten. */
const takenUpWithin = 30_000
const pulledWithin = 90_000

/** `tries`: there is a mirror to be tried. */
export const stepsFor = (way: ChangeWay, tries: boolean) =>
  daemonSteps.filter((step) => (step !== 'password' || way === 'helper') && (step !== 'pulled' || tries))

/** Why it was not done and kept, which the job tells, too. */
export async function changeMirrors(
  { open, session }: Needs,
  wish: ChangeWish,
  job: Working,
): Promise<Failure | undefined> {
  const { steps, mirrors, write, tryThem, evenIfDown = false } = wish
  const mark = (step: DaemonStep, change: Partial<JobItem>) => {
    const at = steps.indexOf(step)
    if (at >= 0) job.item(at, change)
  }
  /** The first that is not done is under way. */
  const done = (step: DaemonStep) => {
    const at = steps.indexOf(step)
    if (at < 0) return
    job.item(at, { state: 'done' })
    if (job.items[at + 1]?.state === 'waiting') job.item(at + 1, { state: 'running' })
  }
  const failed = (failure: Failure) => {
    const at = job.items.findIndex(({ state }) => state === 'running')
    if (at >= 0) job.item(at, { state: 'failed' })
    steps.forEach((_, index) => job.items[index]?.state === 'waiting' && job.item(index, { state: 'kept' }))
    job.fail(failure)
    return failure
  }

  const givenUp = async (helper: Helper) => failed({ code: 'daemon-file-given-up', state: await putBack(helper) })

  mark(steps[0]!, { state: 'running' })
  const opened = await whileAsking(job.cancelled, (signal) =>
    open({ onStep: (step) => step !== 'put-back' && done(step), signal }),
  )
  if (!opened.ok)
    return failed(job.cancelled.aborted ? { code: 'daemon-file-given-up', state: 'untouched' } : opened.error)
  const helper = opened.value
  try {
    done('password')
    if (job.cancelled.aborted) return await givenUp(helper)
    // What a crash had cut was put back first: the plan was made from what is not there any more.
    if (helper.recovered) return failed({ code: 'daemon-file-recovered', state: helper.recovered })
    const changed = await write(helper)
    if (!changed.ok) return failed(changed.error)
    if (evenIfDown && !changed.value.confirmed && !session().ok) {
      for (const step of ['reloaded', 'confirmed'] as const) mark(step, { state: 'kept' })
      mark('kept', { state: 'running' })
      job.subject({ atStart: true })
    } else {
      const taken = await isTakenUp(session, mirrors(), job.cancelled)
      if (job.cancelled.aborted) return await givenUp(helper)
      if (!taken) return failed({ code: 'daemon-file-not-taken', state: await putBack(helper) })
      done('confirmed')
    }
    const trial = AbortSignal.any([job.cancelled, AbortSignal.timeout(pulledWithin)])
    const reached = session()
    const tried = reached.ok ? tryThem?.(reached.value, trial) : tryThem && Promise.resolve(reached.error)
    const why = await tried?.catch((error: unknown): Failure => {
      if (!trial.aborted) console.error('the test pull:', error)
      return { code: 'registry-slow', host: hub }
    })
    if (job.cancelled.aborted) return await givenUp(helper)
    if (why !== undefined && why !== 'left-out') {
      mark('pulled', { state: 'failed', failure: why })
      return failed({ code: 'daemon-file-untried', state: await putBack(helper) })
    }
    done('pulled')
    if (why === 'left-out') mark('pulled', { state: 'kept' })
    const kept = await helper.keep()
    if (!kept.ok) return failed(kept.error)
    done('kept')
    return undefined
  } finally {
    await helper.end()
  }
}

/** Only as long as the password is asked for does a cancel end the helper; later it is told to put back. */
async function whileAsking<T>(cancelled: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const asking = new AbortController()
  const giveUp = () => asking.abort()
  cancelled.addEventListener('abort', giveUp)
  if (cancelled.aborted) giveUp()
  try {
    return await ask(asking.signal)
  } finally {
    cancelled.removeEventListener('abort', giveUp)
  }
}

async function putBack(helper: Helper) {
  const undone = await helper.undo()
  if (undone.ok) return undone.value
  return 'state' in undone.error ? undone.error.state : 'unsure'
}

/** Whether the engine says that it has these. It may be away for a moment: a snap's is started anew. */
async function isTakenUp(session: Needs['session'], mirrors: readonly string[], cancelled: AbortSignal) {
  const over = AbortSignal.any([cancelled, AbortSignal.timeout(takenUpWithin)])
  while (!over.aborted) {
    const now = await mirrorsInForce(session(), over)
    if (now && sameMirrors(now, distinctMirrors(mirrors))) return true
    await delay(200)
  }
  return false
}
