/** Changes the engine's mirrors step by step. A failure at any step before the last restores the previous file. */
import { setTimeout as delay } from 'node:timers/promises'
import { distinctMirrors, sameMirrors } from '../../model/mirrors/address.ts'
import { hub } from '../../model/image/reference.ts'
import {
  daemonSteps,
  type ChangeMethod,
  type DaemonFileFailure,
  type DaemonStep,
  type Failure,
  type JobItem,
  type Result,
} from '../../preload/contract/index.ts'
import type { EngineSession } from '../engine/index.ts'
import type { JobContext } from '../jobs/index.ts'
import type { Changed, Helper, HelperOptions } from './helper.ts'
import { mirrorsInForce } from './target-engine.ts'

/** Starts a helper that can write the file: as root, or as this user if the file belongs to the user. */
export type OpenHelper = (options: HelperOptions) => Promise<Result<Helper, DaemonFileFailure>>

export interface MirrorChangeRequest {
  readonly steps: readonly DaemonStep[]
  /** The mirrors that the engine should report after the change. Called once the file is written. */
  readonly mirrors: () => readonly string[]
  /** Writes the new file. */
  readonly write: (helper: Helper) => Promise<Result<Changed, DaemonFileFailure>>
  /**
   * Pulls an image through the new mirrors. Resolves with the failure, `skipped` if no suitable image is known, or
   * undefined if the pull succeeded. Absent if there is no mirror to test.
   */
  readonly testPull?:
    ((session: EngineSession, signal: AbortSignal) => Promise<Failure | 'skipped' | undefined>) | undefined
  /** Whether the engine may be down, perhaps because of the old file. The change then needs no confirmation by it. */
  readonly allowEngineDown?: boolean
}

interface Needs {
  readonly open: OpenHelper
  readonly session: () => Result<EngineSession>
}

/** The engine reloads in about 100 ms; the snap package restarts in about 10 s. */
const reloadTimeoutMs = 30_000
const testPullTimeoutMs = 90_000

/**
 * @returns the steps of a change that is made with this method, in order
 * @param hasTestPull whether there is a mirror to test with a pull
 */
export const planSteps = (method: ChangeMethod, hasTestPull: boolean) =>
  daemonSteps.filter((step) => (step !== 'password' || method === 'root-helper') && (step !== 'pulled' || hasTestPull))

/**
 * @returns the failure, also reported by the job, if the change was not made or was undone; undefined if it was made
 */
export async function changeMirrors(
  { open, session }: Needs,
  request: MirrorChangeRequest,
  job: JobContext,
): Promise<Failure | undefined> {
  const { steps, mirrors, write, testPull, allowEngineDown = false } = request
  const setItem = (step: DaemonStep, change: Partial<JobItem>) => {
    const index = steps.indexOf(step)
    if (index >= 0) job.updateItem(index, change)
  }
  /** Marks a step as done and the next one as running. */
  const completeStep = (step: DaemonStep) => {
    const index = steps.indexOf(step)
    if (index < 0) return
    job.updateItem(index, { state: 'done' })
    if (job.items[index + 1]?.state === 'waiting') job.updateItem(index + 1, { state: 'running' })
  }
  /** Marks the running step as failed, skips the rest and fails the job. */
  const failStep = (failure: Failure) => {
    const runningIndex = job.items.findIndex(({ state }) => state === 'running')
    if (runningIndex >= 0) job.updateItem(runningIndex, { state: 'failed' })
    steps.forEach((_, index) => job.items[index]?.state === 'waiting' && job.updateItem(index, { state: 'skipped' }))
    job.fail(failure)
    return failure
  }

  const onStep: HelperOptions['onStep'] = (step, validated) => {
    if (validated === false) job.updateSubject({ unvalidated: true })
    if (step !== 'put-back') completeStep(step)
  }
  const cancelAndUndo = async (helper: Helper) => failStep({ code: 'daemon-file-cancelled', state: await undo(helper) })

  setItem(steps[0]!, { state: 'running' })
  const opened = await openUnlessCancelled(job.cancelled, (signal) => open({ onStep, signal }))
  if (!opened.ok)
    return failStep(job.cancelled.aborted ? { code: 'daemon-file-cancelled', state: 'untouched' } : opened.error)
  const helper = opened.value
  try {
    completeStep('password')
    if (job.cancelled.aborted) return await cancelAndUndo(helper)
    // The helper has just undone an interrupted change, so the file may not have the text that the plan was made from.
    if (helper.recovered) return failStep({ code: 'daemon-file-recovered', state: helper.recovered })
    const changed = await write(helper)
    if (!changed.ok) return failStep(changed.error)
    const { confirmed, running } = changed.value
    if (allowEngineDown && !running && !session().ok) {
      for (const step of ['reloaded', 'confirmed'] as const) setItem(step, { state: 'skipped' })
      setItem('kept', { state: 'running' })
      job.updateSubject({ atStart: true })
    } else if (confirmed && !testPull && !session().ok) {
      // Only root can reach the engine, and the helper has asked it.
      completeStep('confirmed')
    } else {
      const seen = await waitForMirrors(session, mirrors(), job.cancelled)
      if (job.cancelled.aborted) return await cancelAndUndo(helper)
      if (seen !== 'in-force') {
        const code = seen === 'silent' ? 'daemon-file-unconfirmed' : 'daemon-file-not-applied'
        return failStep({ code, state: await undo(helper) })
      }
      completeStep('confirmed')
    }
    const signal = AbortSignal.any([job.cancelled, AbortSignal.timeout(testPullTimeoutMs)])
    const currentSession = session()
    const pendingTest = currentSession.ok
      ? testPull?.(currentSession.value, signal)
      : testPull && Promise.resolve(currentSession.error)
    const testResult = await pendingTest?.catch((error: unknown): Failure => {
      if (!signal.aborted) console.error('test pull failed:', error)
      return { code: 'registry-slow', host: hub }
    })
    if (job.cancelled.aborted) return await cancelAndUndo(helper)
    if (testResult !== undefined && testResult !== 'skipped') {
      setItem('pulled', { state: 'failed', failure: testResult })
      return failStep({ code: 'daemon-file-test-failed', state: await undo(helper) })
    }
    completeStep('pulled')
    if (testResult === 'skipped') setItem('pulled', { state: 'skipped' })
    const kept = await helper.keep()
    if (!kept.ok) return failStep(kept.error)
    completeStep('kept')
    return undefined
  } finally {
    await helper.end()
  }
}

/** Aborts the helper if the job is cancelled while the helper starts; after that, a cancelled change must be undone. */
async function openUnlessCancelled<T>(
  cancelled: AbortSignal,
  openHelper: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const openingAbort = new AbortController()
  const abort = () => openingAbort.abort()
  cancelled.addEventListener('abort', abort)
  if (cancelled.aborted) abort()
  try {
    return await openHelper(openingAbort.signal)
  } finally {
    cancelled.removeEventListener('abort', abort)
  }
}

async function undo(helper: Helper) {
  const undone = await helper.undo()
  if (undone.ok) return undone.value
  return 'state' in undone.error ? undone.error.state : 'unsure'
}

/**
 * Polls the engine for up to 30 s until it reports these mirrors. While the snap package restarts the engine, there is
 * no answer.
 *
 * @returns `other` if the engine reported only other mirrors, `silent` if it never answered
 */
async function waitForMirrors(session: Needs['session'], mirrors: readonly string[], cancelled: AbortSignal) {
  const stopSignal = AbortSignal.any([cancelled, AbortSignal.timeout(reloadTimeoutMs)])
  let seen: 'silent' | 'other' = 'silent'
  while (!stopSignal.aborted) {
    const inForce = await mirrorsInForce(session(), stopSignal)
    if (inForce && sameMirrors(inForce, distinctMirrors(mirrors))) return 'in-force'
    if (inForce) seen = 'other'
    await delay(200)
  }
  return seen
}
