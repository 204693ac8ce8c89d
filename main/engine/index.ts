/** The engine: found, reached, watched, and found again when it went away. */
import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import {
  fail,
  ok,
  type EngineContext,
  type EngineFailure,
  type EngineState,
  type Handlers,
  type Publish,
  type Result,
} from '../../preload/contract/index.ts'
import { connect, type Connection } from './connection.ts'
import { findCandidates, type Candidate, type Surroundings } from './contexts.ts'
import { diskMeter } from './disk.ts'
import { engineFailure } from './errors.ts'
import { liveState, type Live } from './live.ts'
import { watch, type Watch } from './watch.ts'

export interface Engine {
  readonly live: Live
  /** The engine's API, while one answers. */
  docker(): Result<Docker, EngineFailure>
  readonly handlers: Handlers<'engine'>
  /** Reads the whole list again, where the engine's events may have left something out. */
  lookAgain(): void
  /** Looks for an engine and stays with it until `signal` ends the work. */
  run(signal: AbortSignal): Promise<void>
}

/** How long after a failure the engine is looked for again. */
const retryAfter = 500

export function engineService(surroundings: Surroundings, publish: Publish): Engine {
  const live = liveState((change) => publish('images.changed', change))
  let state: EngineState = { status: 'connecting' }
  let connection: Connection | undefined
  let watching: Watch | undefined
  let lastEndpoint: string | undefined
  let ended: AbortSignal | undefined

  function become(next: EngineState) {
    if (ended?.aborted || JSON.stringify(next) === JSON.stringify(state)) return
    state = next
    publish('engine.changed', state)
  }

  async function stay(current: Connection, signal: AbortSignal) {
    const context = summary(current.candidate)
    const { product, version, api, rootDir, store } = current.capabilities
    const connected = {
      status: 'connected',
      context,
      facts: { product, version, api, rootDir, store },
    } as const
    if (lastEndpoint !== context.endpoint) live.forget()
    lastEndpoint = context.endpoint
    connection = current
    become(connected)
    const here = new AbortController()
    const both = AbortSignal.any([signal, here.signal])
    try {
      const measure = diskMeter(current, (disk) => become({ ...connected, disk }), both)
      watching = await watch(current, live, measure, both)
      await watching.ended
      become({ status: 'away', context, failure: { code: 'engine-stopped', endpoint: context.endpoint } })
    } catch (error) {
      become({ status: 'away', context, failure: engineFailure(error, context.endpoint) })
    } finally {
      here.abort()
      connection = watching = undefined
    }
  }

  return {
    live,
    docker: () =>
      connection
        ? ok(connection.docker)
        : fail(state.status === 'away' ? state.failure : { code: 'engine-stopped', endpoint: '' }),
    handlers: { 'engine.state': () => ok(state) },
    lookAgain() {
      if (connection && !connection.capabilities.tellsAll) watching?.lookAgain()
    },
    async run(signal) {
      ended = signal
      while (!signal.aborted) {
        const reached = await reach(surroundings)
        if (reached.ok) await stay(reached.value, signal)
        else become({ status: 'away', ...reached.error })
        await delay(retryAfter, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}

/** What the window may know of a candidate: no keys. */
const summary = ({ name, endpoint, local }: Candidate): EngineContext => ({ name, endpoint, local })

interface Missed {
  readonly failure: EngineFailure
  readonly context?: EngineContext
}

/** The first engine that answers; where none does, why the best of them does not. */
export async function reach(surroundings: Surroundings) {
  const candidates = findCandidates(surroundings)
  if (!candidates.ok) return { ok: false, error: { failure: candidates.error } as Missed } as const
  let missed: Missed | undefined
  for (const candidate of candidates.value) {
    const connection = await connect(candidate)
    if (connection.ok) return connection
    // A socket that is there and refuses tells more than one that is missing.
    if (!missed || (missed.failure.code === 'engine-not-found' && connection.error.code !== 'engine-not-found'))
      missed = { failure: connection.error, context: summary(candidate) }
  }
  return { ok: false, error: missed! } as const
}

export { statusOf } from './errors.ts'
export { id, keys, list, names, text } from './replies.ts'
