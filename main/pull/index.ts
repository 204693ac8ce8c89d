/** Bringing images in: each pull is a job, two go at once, the others wait for their turn. */
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
import { keyOf, layersSize, type Engine, type EngineSession, type Lease } from '../engine/index.ts'
import type { Jobs, Working } from '../jobs/index.ts'
import type { LedgerStore } from '../store/index.ts'
import { recordPull } from './record.ts'
import { pullWithLogin, type CredentialsFor } from './login.ts'
import { progressOf } from './progress.ts'
import type { Puller, PullWish } from './pull.ts'
import { noRoomFor, type RoomNeeds } from './room.ts'
import { targetOf } from './target.ts'

export interface PullNeeds {
  readonly engine: Pick<Engine, 'session' | 'lease' | 'imagesOf'>
  readonly jobs: Jobs
  /** The login that is stored for an image's registry, if any. */
  readonly credentialsFor: CredentialsFor
  /** Asks the registry whether it has an image. Without it, the engine alone finds out. */
  readonly check?: (reference: string) => Promise<Result<unknown, RegistryFailure>>
  readonly ledger?: LedgerStore
  /** Without it, the engine finds out by itself that its disk is full. */
  readonly room?: RoomNeeds
}

interface Asked extends PullWish {
  /** The user wants the pull though it may not fit. */
  readonly anyway?: boolean
}

/** More would share the same line, and the first image would come no sooner. */
const atOnce = 2
/** A registry that takes longer is not waited for: the engine may have another way to the image. */
const checkTimeoutMs = 4_000
/** For so long, in milliseconds, the account of the disk is waited for: before, and after. */
const patience = { before: 500, after: 2_000 }

export function pullService({ engine, jobs, credentialsFor, check, ledger, room }: PullNeeds) {
  const queue = new PQueue({ concurrency: atOnce })
  /** Those that run or wait, by what they bring. */
  const open = new Map<string, JobId>()
  let begun = 0

  async function bring(puller: Puller, { anyway = false, ...wish }: Asked, job: Working) {
    const turn = ++begun
    const alone = queue.pending === 1
    await job.begin(0)
    const noRoom = room && !anyway ? await noRoomFor(room, puller, wish) : undefined
    if (noRoom) return job.item(0, { state: 'failed', failure: noRoom })
    const before = await within(patience.before, layersSize(puller.session))
    const pulled = await pullWithLogin(puller, wish, credentialsFor)
    if ('failure' in pulled) return job.item(0, { state: 'failed', failure: pulled.failure })
    job.item(0, { state: 'done' })
    const { came } = pulled
    // What another pull brought meanwhile cannot be told apart.
    const after =
      came.news && alone && turn === begun ? await within(patience.after, layersSize(puller.session)) : undefined
    const spent = before !== undefined && after !== undefined ? Math.max(0, after - before) : undefined
    const cost = came.news ? spent : 0
    job.subject({ speed: undefined, left: undefined, came: { ...came, ...(cost !== undefined && { cost }) } })
    if (ledger) recordPull(ledger, { ...came, reference: wish.reference, endpoint: puller.session.context.endpoint })
  }

  /** From the click to the end, in the queue and out of it. */
  async function work(lease: Lease, wish: Asked, job: Working) {
    const progress = progressOf(job)
    try {
      await queue.add(
        // While it waited for its turn, the engine may have gone and come back.
        () => {
          const { session } = lease
          const puller = { imagesOf: engine.imagesOf, session, cancelled: job.cancelled, tell: progress.tell }
          return bring(puller, wish, job)
        },
        { signal: job.cancelled },
      )
    } catch (error) {
      if (!job.cancelled.aborted) throw error
      job.item(0, { state: 'kept' })
    } finally {
      lease.release()
      progress.end()
    }
  }

  /** As part of another job, which tells of it; `urgent` where it cannot wait for its turn. */
  async function pullAgain(
    session: EngineSession,
    reference: string,
    cancelled: AbortSignal,
    urgent = false,
  ): Promise<Failure | undefined> {
    const target = targetOf(reference)
    if (!target) return { code: 'reference-wrong', reference }
    const puller = { imagesOf: engine.imagesOf, session, cancelled, tell: () => undefined }
    const pull = () => pullWithLogin(puller, target, credentialsFor)
    const pulled = urgent ? await pull() : await queue.add(pull, { signal: cancelled })
    return 'failure' in pulled ? pulled.failure : undefined
  }

  /** Only a plain no counts: a registry that does not answer the app may answer the engine. */
  async function refusalOf(reference: string): Promise<Failure | undefined> {
    const answer = await within(checkTimeoutMs, check?.(reference))
    if (!answer || answer.ok) return undefined
    return ['reference-unknown', 'reference-wrong'].includes(answer.error.code) ? answer.error : undefined
  }

  const handlers: Handlers<'pull'> = {
    'pull.start': async ({ reference, platform, anyway = false }) => {
      const target = targetOf(reference)
      if (!target) return fail({ code: 'reference-wrong', reference })
      const session = engine.session()
      if (!session.ok) return session
      const refusal = await refusalOf(target.reference)
      if (refusal) return fail(refusal)
      const own = session.value.capabilities.platform
      const wish = { ...target, ...(platform !== undefined && platform !== own && { platform }) }
      const key = [keyOf(session.value.identity), wish.reference, wish.platform].join(' ')
      const same = open.get(key)
      if (same !== undefined) return ok(same)
      const { host: _, ...named } = wish
      // The pull goes on where it begins, whatever the window shows meanwhile.
      const lease = engine.lease(session.value)
      const id = jobs.start(
        { kind: 'pull', ...named, layers: [] },
        [wish.reference],
        (job) => work(lease, { ...wish, anyway }, job).finally(() => open.delete(key)),
        session.value.context,
      )
      open.set(key, id)
      return ok(id)
    },
  }
  return {
    handlers,
    pullAgain,
  }
}

const within = async <T>(ms: number, answer: Promise<T> | undefined): Promise<T | undefined> =>
  await Promise.race([answer?.catch(() => undefined), delay(ms, undefined, { ref: false })])

export type { AuthConfig } from '../engine/index.ts'
export type { RoomNeeds } from './room.ts'
export { storedLogins, type CredentialsFor } from './login.ts'
