/** What the other services use of the engine that the window shows. */
import type { Image, ImageId } from '../../model/image/image.ts'
import type {
  EngineContext,
  EngineFacts,
  EngineFailure,
  EngineState,
  Handlers,
  Result,
} from '../../preload/contract/index.ts'
import type { EngineSession } from './api/session.ts'
import type { HostEnvironment } from './connect/candidates.ts'
import type { Lease } from './sessions.ts'
import type { Live } from './sync/live-state.ts'

export interface Engine {
  readonly live: Live
  state(): EngineState
  /** @returns undefined if no engine is connected */
  facts(): EngineFacts | undefined
  /** `images`: images or containers have changed. `state`: the engine's state has changed. */
  on(event: 'images' | 'state', listener: () => void): void
  /** @returns the session that the window shows; a failure if no engine is connected */
  session(): Result<EngineSession, EngineFailure>
  /** Whether the window shows this session, so that `live` describes the session's engine. */
  shows(session: EngineSession): boolean
  /** @returns undefined unless the window shows this session and the whole list has been read */
  imagesOf(session: EngineSession): ReadonlyMap<ImageId, Image> | undefined
  /** Keeps a session's engine connected until the lease is released, even if the window shows another engine. */
  lease(session: EngineSession): Lease
  /** @returns the flags that select the shown engine in a `docker` command, such as `--context name` */
  flags(): readonly string[]
  /** @returns the context that the user chose in this run of the app */
  chosenContext(): string | undefined
  /** @returns the engine of the terminal if Slipway shows or seeks another one; a failure if `docker` finds none there */
  otherEngineIn(terminal: HostEnvironment): Result<EngineContext, EngineFailure> | undefined
  /** Whether the environment, which has changed, no longer has the context that the user chose. */
  hasLostChoice(): boolean
  /** Connects to the engine that the environment names now, instead of the shown one and of the user's choice. */
  useEnvironment(): void
  readonly handlers: Handlers<'engine'>
  /**
   * Retries refused requests and the connection without waiting for the back-off. If the engine's events do not report
   * every change, reads the whole list again. Call this when the window gets the focus, or when the user asks for it.
   */
  resync(): void
  /** Inspects an image that another service could not read, so that the image's row shows the failure. */
  inspectAgain(image: ImageId): void
  /** Connects and follows an engine until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}
