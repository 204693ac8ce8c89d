/**
 * Manages the engine that the window shows: connects to the engine, follows its events, reconnects, and switches between
 * contexts.
 */
import { EventEmitter } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import {
  fail,
  ok,
  type EngineContext,
  type EngineFailure,
  type EngineState,
  type Publish,
  type Result,
} from '../../preload/contract/index.ts'
import type { Lists } from '../store/index.ts'
import { readDiskUsage } from './api/disk-usage.ts'
import { engineFailure } from './api/errors.ts'
import { isSameEngine, engineKey, type EngineIdentity } from './api/session.ts'
import { connect, type Connection } from './connect/connection.ts'
import { correctionOf, engineOf, withKnownKind } from './known-kind.ts'
import {
  dockerFlags,
  findCandidates,
  findChoices,
  toEngineContext,
  withConfigProblem,
  type HostEnvironment,
} from './connect/candidates.ts'
import { Backoff, engineFingerprint, awaitRetry } from './connect/backoff.ts'
import { discoverEngine } from './connect/discover.ts'
import { findOtherEngines } from './connect/others.ts'
import { isLost, otherEngine } from './connect/terminal-engine.ts'
import type { Engine } from './engine.ts'
import { followEngine } from './follow.ts'
import { sessionPool } from './sessions.ts'
import { liveState } from './sync/live-state.ts'
import type { Watch } from './sync/watch.ts'

interface Dependencies {
  readonly environment: HostEnvironment
  readonly publish: Publish
  /** The stored image lists of slow engines. */
  readonly lists: Lists
  /** How long a lease waits for its engine after the session ended. Only tests set this. */
  readonly reconnectTimeoutMs?: number
}

export function engineService({ environment, publish, lists, reconnectTimeoutMs }: Dependencies): Engine {
  const events = new EventEmitter<{ images: []; state: [] }>()
  const live = liveState((change) => {
    publish('images.changed', change)
    events.emit('images')
    if (storedListKey !== undefined) lists.write(storedListKey, live.images())
  })
  const sessions = sessionPool((next, signal) => connect(next, signal, environment.env), reconnectTimeoutMs)
  let state: EngineState = { status: 'connecting' }
  /** The context that the user chose in this run of the app. */
  let chosen: string | undefined
  let connection: Connection | undefined
  /** The context in use. `connection` may have been opened earlier, through another context to the same engine. */
  let candidate: Connection['candidate'] | undefined
  let watch: Watch | undefined
  let lastEngine: EngineIdentity | undefined
  let lastCorrection: EngineContext | undefined
  /** The key of the connected engine, if its list is so slow that it is stored. */
  let storedListKey: string | undefined
  /** Aborted when the user switches to another context. */
  let contextController = new AbortController()
  let endSignal: AbortSignal | undefined
  const backoff = new Backoff()
  /** Aborted to connect again without waiting for the back-off. */
  let backoffController = new AbortController()

  function setState(change: EngineState) {
    const next = withConfigProblem(change, environment)
    if (endSignal?.aborted || isDeepStrictEqual(next, state)) return
    state = next
    publish('engine.changed', state)
    events.emit('state')
  }

  async function connectAndFollow(abortSignal: AbortSignal) {
    // Nothing that this function starts may change the state after the function has ended.
    const returned = new AbortController()
    const signal = AbortSignal.any([abortSignal, returned.signal])
    const setStateIfCurrent = (next: EngineState) => signal.aborted || setState(next)
    try {
      const discovered = await discoverEngine(environment, { chosen, signal })
      if (!discovered.ok)
        return setStateIfCurrent(withKnownKind({ status: 'away', ...discovered.error }, lastCorrection))
      const shown = sessions.show(discovered.value)
      try {
        await follow(shown, discovered.value.candidate, setStateIfCurrent, AbortSignal.any([signal, shown.signal]))
      } finally {
        sessions.hide(shown)
      }
    } finally {
      returned.abort()
    }
  }

  /** Shows the engine and keeps its state current until the connection ends or `signal` aborts. */
  async function follow(
    shown: Connection,
    chosenCandidate: Connection['candidate'],
    setStateIfCurrent: (next: EngineState) => void,
    signal: AbortSignal,
  ) {
    if (signal.aborted) return
    // The engine may have said that it is of another kind than its address looks like.
    const context = { ...toEngineContext(chosenCandidate), local: shown.context.local, kind: shown.context.kind }
    lastCorrection = correctionOf(chosenCandidate, context)
    const key = engineKey(shown.identity)
    const { filtersDiskUsage: _, reportsAllChanges: __, mountsImages: ___, ...facts } = shown.capabilities
    const connected = { status: 'connected', context, facts } as const
    const storedImages = await lists.read(key)
    if (signal.aborted) return
    if (storedImages || !lastEngine || !isSameEngine(lastEngine, shown.identity)) live.reset(storedImages)
    lastEngine = shown.identity
    if (storedImages) storedListKey = key
    connection = shown
    candidate = chosenCandidate
    setStateIfCurrent(connected)
    try {
      const callbacks = {
        setState: setStateIfCurrent,
        onWatch: (next: Watch) => void (watch = next),
        onList(slow: boolean) {
          backoff.reset()
          storeListIfSlow(key, slow)
        },
      }
      await followEngine(shown, live, connected, callbacks, signal)
    } finally {
      if (connection === shown) disconnect()
    }
  }

  function storeListIfSlow(key: string, slow: boolean) {
    if (slow) lists.write(key, live.images())
    else if (storedListKey !== undefined) lists.remove(key)
    storedListKey = slow ? key : undefined
  }

  function disconnect() {
    connection = candidate = watch = storedListKey = undefined
  }

  /**
   * Disconnects from the current engine at once; `run` then connects to the chosen context. Does nothing if that context is
   * in use already. Fails if it is unknown or unreadable.
   */
  function switchContext(name: string): Result<void, EngineFailure> {
    const found = findCandidates(environment, name)
    if (!found.ok) return found
    chosen = name
    const [next] = found.value
    if (candidate && isDeepStrictEqual(candidate, next)) return ok(undefined)
    leaveContext(next)
    return ok(undefined)
  }

  function leaveContext(next?: Connection['candidate']) {
    contextController.abort()
    disconnect()
    live.reset()
    setState({ status: 'connecting', ...(next && { context: toEngineContext(next) }) })
  }

  const connectionFailure = (): EngineFailure =>
    state.status === 'away'
      ? state.failure
      : { code: 'engine-stopped', endpoint: '', ...(state.context && engineOf(state.context)) }

  const flags = () =>
    candidate ? dockerFlags(candidate, environment.terminal ? environment.terminal() : environment) : []

  return {
    live,
    state: () => state,
    facts: () => (state.status === 'connected' ? state.facts : undefined),
    on: (event, listener) => void events.on(event, listener),
    session: () => (connection ? ok(connection) : fail(connectionFailure())),
    shows: (session) => session === connection && !session.signal.aborted,
    imagesOf: (session) => (session === connection && live.snapshot().complete ? live.images() : undefined),
    lease: sessions.lease,
    chosenContext: () => chosen,
    otherEngineIn: (terminal) => otherEngine({ environment, terminal, chosen, shown: candidate }),
    hasLostChoice: () => isLost(chosen, environment),
    useEnvironment() {
      chosen = undefined
      leaveContext()
    },
    flags,
    handlers: {
      'engine.state': () => ok(state),
      'engine.contexts': () =>
        ok(
          findChoices(environment).map((choice) => ({
            ...toEngineContext(choice),
            current: choice.name === state.context?.name,
          })),
        ),
      'engine.others': async () => ok(await findOtherEngines(environment, chosen, state)),
      'engine.switch': switchContext,
      async 'engine.disk'() {
        if (!connection) return fail(connectionFailure())
        const session = connection
        // Read before the first `await`: afterwards the window may show another engine.
        const shown = { context: session.context, flags: flags() }
        try {
          const usage = await readDiskUsage(session)
          return session === connection ? ok({ ...usage, ...shown }) : fail(connectionFailure())
        } catch (error) {
          return fail(session === connection ? engineFailure(error, session.context) : connectionFailure())
        }
      },
    },
    resync() {
      setState(state)
      if (!connection) backoffController.abort()
      watch?.retryNow()
      if (connection && !connection.capabilities.reportsAllChanges) watch?.resync()
    },
    inspectAgain: (image) => watch?.inspectAgain(image),
    async run(signal) {
      endSignal = signal
      while (!signal.aborted) {
        contextController = new AbortController()
        // Also aborted during the attempt to connect, which may have begun with an older environment.
        backoffController = new AbortController()
        const abortSignal = AbortSignal.any([signal, contextController.signal])
        const fingerprint = () => engineFingerprint(environment, chosen)
        const before = fingerprint()
        await connectAndFollow(abortSignal)
        const retrySignal = AbortSignal.any([abortSignal, backoffController.signal])
        await awaitRetry({ backoff, fingerprint, before, signal: retrySignal })
      }
      sessions.closeAll()
    },
  }
}
