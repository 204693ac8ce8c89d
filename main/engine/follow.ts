/** Keeps the state of a connected engine current: its images, its disk usage and the mirrors that it uses. */
import type { EngineFailure, EngineState } from '../../preload/contract/index.ts'
import { engineFailure } from './api/errors.ts'
import type { Connection } from './connect/connection.ts'
import { diskMeter } from './sync/disk-meter.ts'
import type { Live } from './sync/live-state.ts'
import { mirrorsReader } from './sync/mirrors.ts'
import { watchEngine, type Watch } from './sync/watch.ts'

type Connected = Extract<EngineState, { status: 'connected' }>

interface Callbacks {
  setState(next: EngineState): void
  onWatch(watch: Watch): void
  /** Called after each complete list. `slow`: the engine took long to send it. */
  onList(slow: boolean): void
}

/** Resolves once the engine's event stream has ended, with the state `away`. */
export async function followEngine(
  session: Connection,
  live: Live,
  initialState: Connected,
  { setState, onWatch, onList }: Callbacks,
  signal: AbortSignal,
): Promise<void> {
  const { context } = initialState
  const { endpoint, kind } = context
  let connected = initialState
  let refusal: EngineFailure | undefined
  const updateState = (change: Partial<Connected> = {}) => {
    connected = { ...connected, ...change }
    setState(refusal ? { status: 'away', context, failure: refusal } : connected)
  }
  const rereadMirrors = mirrorsReader(
    session,
    (mirrors) => updateState({ facts: { ...connected.facts, mirrors } }),
    signal,
  )
  try {
    const watch = await watchEngine(
      session,
      live,
      {
        onRead: diskMeter(session, (disk) => updateState({ disk }), signal),
        onRefusal(error) {
          refusal = engineFailure(error, context)
          updateState()
        },
        onList(slow) {
          if (signal.aborted) return
          refusal = undefined
          onList(slow)
          updateState()
        },
        onReload: rereadMirrors,
      },
      signal,
    )
    if (!signal.aborted) onWatch(watch)
    // The event stream does not report a reload between the connection's `/info` request and the opening of the stream.
    rereadMirrors()
    await watch.ended
    setState({ status: 'away', context, failure: { code: 'engine-stopped', endpoint, kind } })
  } catch (error) {
    setState({ status: 'away', context, failure: engineFailure(error, context) })
  }
}
