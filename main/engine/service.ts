/** The engine: found, reached, watched, found again when it went away, and left for another when the user says so. */
import { EventEmitter } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import type { Image, ImageId } from '../../model/image/image.ts'
import {
  fail,
  ok,
  type EngineFacts,
  type EngineFailure,
  type EngineState,
  type Handlers,
  type Publish,
  type Result,
} from '../../preload/contract/index.ts'
import type { Lists } from '../store/index.ts'
import { readDiskAccount } from './api/disk-account.ts'
import { engineFailure } from './api/errors.ts'
import { isSameEngine, keyOf, type EngineIdentity, type EngineSession } from './api/session.ts'
import { connect, type Connection } from './connect/connection.ts'
import { dockerFlags, findCandidates, findChoices, summary, type Surroundings } from './connect/contexts.ts'
import { Backoff, engineTraces, untilRetry } from './connect/backoff.ts'
import { reach } from './connect/reach.ts'
import { sessionBook, type Lease } from './sessions.ts'
import { diskMeter } from './sync/disk-meter.ts'
import { liveState, type Live } from './sync/live.ts'
import { mirrorsReader } from './sync/mirrors.ts'
import { watchEngine, type Watch } from './sync/watch.ts'

export interface Engine {
  readonly live: Live
  state(): EngineState
  /** Of the engine that is reached. */
  facts(): EngineFacts | undefined
  /** Called when its images or containers, or what is known of the engine itself, have changed. */
  on(what: 'images' | 'state', changed: () => void): void
  /** The session that the window shows, while its engine answers. */
  session(): Result<EngineSession, EngineFailure>
  /** Whether the window shows this session: then what is known live is of its engine. */
  shows(session: EngineSession): boolean
  /** What the engine of a session has, while the window shows it and its whole list is known. */
  imagesOf(session: EngineSession): ReadonlyMap<ImageId, Image> | undefined
  /** Keeps a session's engine connected, whatever the window shows, until it is released. */
  lease(session: EngineSession): Lease
  /** What leads Docker's own command to the same engine: between `docker` and its verb. */
  flags(): readonly string[]
  readonly handlers: Handlers<'engine'>
  /**
   * The user is back, or asks: what the engine refused, and the engine itself if none is reached, is tried again at
   * once; the whole list is read again where the engine's events may have left something out.
   */
  lookAgain(): void
  /** Asks for an image again that could not be read, so that its row says so. */
  inspectAgain(image: ImageId): void
  /** Looks for an engine and stays with it until `signal` ends the work. */
  run(signal: AbortSignal): Promise<void>
}

interface Needs {
  readonly surroundings: Surroundings
  readonly publish: Publish
  /** What slow engines were last known to have. */
  readonly memory: Lists
  /** How long leased sessions wait for their engine; only tests set it. */
  readonly reconnectWithinMs?: number
}

export function engineService({ surroundings, publish, memory, reconnectWithinMs }: Needs): Engine {
  const changed = new EventEmitter<{ images: []; state: [] }>()
  const live = liveState((change) => {
    publish('images.changed', change)
    changed.emit('images')
    if (remembered !== undefined) memory.remember(remembered, live.images())
  })
  const sessions = sessionBook(connect, reconnectWithinMs)
  let state: EngineState = { status: 'connecting' }
  /** The context that the user chose since the app began. */
  let chosen: string | undefined
  let connection: Connection | undefined
  /** The context that led to it. Its session may be older: another context to the same engine may have opened it. */
  let candidate: Connection['candidate'] | undefined
  let watching: Watch | undefined
  let lastEngine: EngineIdentity | undefined
  /** The engine that is reached, where its list takes so long that it is worth remembering. */
  let remembered: string | undefined
  /** Ends with the engine that is reached or looked for now. */
  let here = new AbortController()
  let ended: AbortSignal | undefined
  const backoff = new Backoff()
  /** Ends the wait for the next try. */
  let waiting = new AbortController()

  function become(next: EngineState) {
    if (ended?.aborted || isDeepStrictEqual(next, state)) return
    state = next
    publish('engine.changed', state)
    changed.emit('state')
  }

  async function visit(gone: AbortSignal) {
    // Whoever left hears nothing more of it.
    const over = new AbortController()
    const signal = AbortSignal.any([gone, over.signal])
    const tell = (next: EngineState) => signal.aborted || become(next)
    try {
      const reached = await reach(surroundings, { chosen, signal })
      if (!reached.ok) return tell({ status: 'away', ...reached.error })
      const shown = sessions.show(reached.value)
      try {
        await stay(shown, reached.value.candidate, tell, AbortSignal.any([signal, shown.signal]))
      } finally {
        sessions.leave(shown)
      }
    } finally {
      over.abort()
    }
  }

  async function stay(
    reached: Connection,
    chosenCandidate: Connection['candidate'],
    tell: (next: EngineState) => void,
    signal: AbortSignal,
  ) {
    if (signal.aborted) return
    const context = summary(chosenCandidate)
    const { endpoint } = context
    const key = keyOf(reached.identity)
    const { imageDiskUse: _, tellsAll: __, ...facts } = reached.capabilities
    let connected: Extract<EngineState, { status: 'connected' }> = { status: 'connected', context, facts }
    const recalled = await memory.recall(key)
    if (signal.aborted) return
    if (recalled || !lastEngine || !isSameEngine(lastEngine, reached.identity)) live.forget(recalled)
    lastEngine = reached.identity
    if (recalled) remembered = key
    connection = reached
    candidate = chosenCandidate
    tell(connected)
    try {
      let refusal: EngineFailure | undefined
      const learn = (change: Partial<typeof connected> = {}) => {
        connected = { ...connected, ...change }
        tell(refusal ? { status: 'away', context, failure: refusal } : connected)
      }
      const read = diskMeter(reached, (disk) => learn({ disk }), signal)
      const refused = (error: unknown) => {
        refusal = engineFailure(error, endpoint)
        learn()
      }
      const listed = (slow: boolean) => {
        if (signal.aborted) return
        refusal = undefined
        backoff.reset()
        learn()
        keep(key, slow)
      }
      const reloaded = mirrorsReader(reached, (mirrors) => learn({ facts: { ...connected.facts, mirrors } }), signal)
      const callbacks = { read, listed, refused, reloaded }
      const watch = await watchEngine(reached, live, callbacks, signal)
      if (!signal.aborted) watching = watch
      // What was taken up between the first question and the first event is told of by nobody.
      reloaded()
      await watch.ended
      tell({ status: 'away', context, failure: { code: 'engine-stopped', endpoint } })
    } catch (error) {
      tell({ status: 'away', context, failure: engineFailure(error, endpoint) })
    } finally {
      if (connection === reached) leave()
    }
  }

  function keep(key: string, slow: boolean) {
    if (slow) memory.remember(key, live.images())
    else if (remembered !== undefined) memory.forget(key)
    remembered = slow ? key : undefined
  }

  function leave() {
    connection = candidate = watching = remembered = undefined
  }

  /** Leaves the engine that was reached or looked for, at once; `run` goes to the one that is chosen now. */
  function goTo(name: string): Result<void, EngineFailure> {
    const found = findCandidates(surroundings, name)
    if (!found.ok) return found
    chosen = name
    const [next] = found.value
    if (candidate && isDeepStrictEqual(candidate, next)) return ok(undefined)
    here.abort()
    leave()
    live.forget()
    become({ status: 'connecting', ...(next && { context: summary(next) }) })
    return ok(undefined)
  }

  const absent = (): EngineFailure =>
    state.status === 'away' ? state.failure : { code: 'engine-stopped', endpoint: state.context?.endpoint ?? '' }

  return {
    live,
    state: () => state,
    facts: () => (state.status === 'connected' ? state.facts : undefined),
    on: (what, listener) => void changed.on(what, listener),
    session: () => (connection ? ok(connection) : fail(absent())),
    shows: (session) => session === connection && !session.signal.aborted,
    imagesOf: (session) => (session === connection && live.snapshot().complete ? live.images() : undefined),
    lease: sessions.lease,
    flags: () => (candidate ? dockerFlags(candidate, surroundings) : []),
    handlers: {
      'engine.state': () => ok(state),
      'engine.contexts': () =>
        ok(
          findChoices(surroundings).map((choice) => ({
            ...summary(choice),
            current: choice.name === state.context?.name,
          })),
        ),
      'engine.switch': goTo,
      async 'engine.disk'() {
        if (!connection) return fail(absent())
        const asked = connection
        try {
          return ok(await readDiskAccount(asked))
        } catch (error) {
          return fail(asked === connection ? engineFailure(error, asked.candidate.endpoint) : absent())
        }
      },
    },
    lookAgain() {
      waiting.abort()
      watching?.retryNow()
      if (connection && !connection.capabilities.tellsAll) watching?.lookAgain()
    },
    inspectAgain: (image) => watching?.inspectAgain(image),
    async run(signal) {
      ended = signal
      while (!signal.aborted) {
        const turn = (here = new AbortController())
        const gone = AbortSignal.any([signal, turn.signal])
        const traces = () => engineTraces(surroundings, chosen)
        const before = traces()
        await visit(gone)
        waiting = new AbortController()
        await untilRetry({ backoff, traces, before, signal: AbortSignal.any([gone, waiting.signal]) })
      }
      sessions.closeAll()
    },
  }
}
