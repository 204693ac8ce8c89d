/** Pulls images. Each pull is a job; two run at once, the others wait in a queue. */
import PQueue from 'p-queue'
import { setTimeout as delay } from 'node:timers/promises'
import {
  fail,
  ok,
  type Failure,
  type Handlers,
  type JobId,
  type RegistryFailure,
  type Result,
} from '../../preload/contract/index.ts'
import { engineKey, layersSize, withReconnect, type Engine, type EngineSession, type Lease } from '../engine/index.ts'
import type { Jobs, JobContext } from '../jobs/index.ts'
import type { LedgerStore } from '../store/index.ts'
import { recordPull } from './ledger.ts'
import { pullWithLogin, type CredentialsFor } from './login.ts'
import { progressReporter } from './progress.ts'
import type { PullContext, PullRequest } from './pull.ts'
import type { DiskSpace } from './disk-space.ts'
import { isSameRegistry } from './same-registry.ts'
import { parseTarget, type Target } from './target.ts'

export interface PullDependencies {
  readonly engine: Pick<Engine, 'session' | 'lease' | 'imagesOf'>
  readonly jobs: Jobs
  readonly credentialsFor: CredentialsFor
  /** Asks the registry whether an image exists. If absent, the image is checked by the engine only. */
  readonly checkReference?: (reference: string) => Promise<Result<unknown, RegistryFailure>>
  readonly ledger?: LedgerStore
  /** Called with the registry's name when a pull has failed. */
  readonly onFailure?: (host: string) => void
  /** Finds out more about a failed pull. If absent, the engine's failure is reported. */
  readonly explainFailure?: (session: EngineSession, failure: Failure, cancelled: AbortSignal) => Promise<Failure>
  /** If absent, a pull starts without checking the free disk space. */
  readonly diskSpace?: DiskSpace
}

interface QueuedPull extends PullRequest {
  /** Skips the check of the free disk space, at the user's request. */
  readonly skipSpaceCheck?: boolean
}

/** More parallel pulls would share the bandwidth and delay the first image. */
const maxParallelPulls = 2
/** If the registry takes longer, the pull starts: the engine may use a mirror or another proxy. */
const checkTimeoutMs = 4_000
/** How long to wait for the disk usage before and after a pull, in milliseconds. */
const diskUsageTimeoutMs = { before: 500, after: 2_000 }

export function pullService(dependencies: PullDependencies) {
  const { engine, jobs, credentialsFor, checkReference, onFailure, explainFailure, ledger, diskSpace } = dependencies
  const queue = new PQueue({ concurrency: maxParallelPulls })
  /** The jobs of running and waiting pulls, by engine, reference and platform. */
  const openPulls = new Map<string, JobId>()
  let startedPulls = 0

  /**
   * The context for the next request of a pull. Its session differs from the previous one if the engine has
   * reconnected.
   */
  const contextOf = (lease: Lease, job: JobContext, onProgress: PullContext['onProgress']): PullContext => ({
    ...{ imagesOf: engine.imagesOf, session: lease.session, cancelled: job.cancelled, onProgress },
  })

  async function runPull(
    lease: Lease,
    { skipSpaceCheck = false, ...request }: QueuedPull,
    job: JobContext,
    onProgress: PullContext['onProgress'],
  ) {
    const space = skipSpaceCheck ? undefined : await diskSpace?.reserve(contextOf(lease, job, onProgress), request)
    if (space && 'failure' in space) return job.updateItem(0, { state: 'failed', failure: space.failure })
    try {
      await job.begin(0)
      await download(lease, request, job, onProgress)
    } finally {
      space?.release()
    }
  }

  async function download(lease: Lease, request: PullRequest, job: JobContext, onProgress: PullContext['onProgress']) {
    const pullNumber = ++startedPulls
    const startedAlone = queue.pending === 1
    const before = await withTimeout(diskUsageTimeoutMs.before, layersSize(lease.session))
    // The engine keeps complete layers, so a repeated pull downloads only the others.
    const attempt = () => pullWithLogin(contextOf(lease, job, onProgress), request, credentialsFor)
    const pull = await withReconnect(lease, job.cancelled, attempt, (result) => {
      if (!('failure' in result)) return undefined
      job.updateSubject({ speed: undefined, left: undefined })
      return result.failure
    })
    if ('failure' in pull) {
      job.cancelled.throwIfAborted()
      onFailure?.(request.host)
      const failure = (await explainFailure?.(lease.session, pull.failure, job.cancelled)) ?? pull.failure
      return job.updateItem(0, { state: 'failed', failure })
    }
    job.updateItem(0, { state: 'done' })
    const { session } = lease
    const { image, digest, isNew } = pull.pulled
    const pulled = { image, ...(digest !== undefined && { digest }) }
    // The disk usage of parallel pulls cannot be separated.
    const ranAlone = startedAlone && pullNumber === startedPulls
    const after = isNew && ranAlone ? await withTimeout(diskUsageTimeoutMs.after, layersSize(session)) : undefined
    const addedBytes = before !== undefined && after !== undefined ? Math.max(0, after - before) : undefined
    const cost = isNew ? addedBytes : 0
    const result = { ...pulled, isNew, ...(cost !== undefined && { cost }) }
    job.updateSubject({ speed: undefined, left: undefined, result })
    if (ledger) recordPull(ledger, { ...pulled, reference: request.reference, endpoint: session.context.endpoint })
  }

  /** Runs the job of a pull, including its time in the queue. */
  async function runJob(lease: Lease, request: QueuedPull, job: JobContext) {
    const progress = progressReporter(job)
    try {
      await queue.add(() => runPull(lease, request, job, progress.update), { signal: job.cancelled })
    } catch (error) {
      if (!job.cancelled.aborted) throw error
      job.updateItem(0, { state: 'skipped' })
    } finally {
      lease.release()
      progress.end()
    }
  }

  /** Pulls an image as part of another job. `urgent` bypasses the queue. @returns the failure, if any */
  async function pullWithinJob(
    session: EngineSession,
    reference: string,
    cancelled: AbortSignal,
    urgent = false,
  ): Promise<Failure | undefined> {
    const target = parseTarget(reference)
    if (!target) return { code: 'reference-invalid', reference }
    const context = { imagesOf: engine.imagesOf, session, cancelled, onProgress: () => undefined }
    const pull = () => pullWithLogin(context, target, credentialsFor)
    const result = urgent ? await pull() : await queue.add(pull, { signal: cancelled })
    return 'failure' in result ? result.failure : undefined
  }

  /**
   * @returns the failure if the registry reports that the image does not exist, and the engine would ask the same
   * registry. Other failures are ignored, because the engine may reach a registry that Slipway cannot.
   */
  async function findRefusal(session: EngineSession, { reference, host }: Target): Promise<Failure | undefined> {
    const answer = await withTimeout(checkTimeoutMs, checkReference?.(reference))
    if (!answer || answer.ok) return undefined
    if (answer.error.code === 'reference-invalid') return answer.error
    if (answer.error.code !== 'reference-unknown') return undefined
    return (await isSameRegistry(session, host)) ? answer.error : undefined
  }

  const handlers: Handlers<'pull'> = {
    'pull.start': async ({ reference, platform, skipSpaceCheck = false }) => {
      const target = parseTarget(reference)
      if (!target) return fail({ code: 'reference-invalid', reference })
      const session = engine.session()
      if (!session.ok) return session
      // The lease keeps the pull on this engine, even if the user switches to another context.
      const lease = engine.lease(session.value)
      const refusal = await findRefusal(session.value, target)
      if (refusal) {
        lease.release()
        return fail(refusal)
      }
      const enginePlatform = session.value.capabilities.platform
      const request = { ...target, ...(platform !== undefined && platform !== enginePlatform && { platform }) }
      const key = [engineKey(session.value.identity), request.reference, request.platform].join(' ')
      const existing = openPulls.get(key)
      if (existing !== undefined) {
        lease.release()
        return ok(existing)
      }
      const { host: _, ...subject } = request
      const id = jobs.start(
        { kind: 'pull', ...subject, layers: [] },
        [request.reference],
        (job) => runJob(lease, { ...request, skipSpaceCheck }, job).finally(() => openPulls.delete(key)),
        session.value.context,
      )
      openPulls.set(key, id)
      return ok(id)
    },
  }
  return {
    handlers,
    pullWithinJob,
  }
}

/** @returns undefined after a timeout, or if `answer` is undefined or rejects */
const withTimeout = async <T>(timeoutMs: number, answer: Promise<T> | undefined): Promise<T | undefined> =>
  await Promise.race([answer?.catch(() => undefined), delay(timeoutMs, undefined, { ref: false })])

export type { AuthConfig } from '../engine/index.ts'
export { diskSpace, type DiskSpaceNeeds } from './disk-space.ts'
export { storedLogins, type CredentialsFor } from './login.ts'
export { isSameRegistry } from './same-registry.ts'
