/** Runs calls from the window on the session that is shown when the call arrives. */
import { fail, type EngineFailure, type Failure, type Result } from '../../preload/contract/index.ts'
import { engineFailure, statusOf } from './api/errors.ts'
import type { EngineSession } from './api/session.ts'

interface SessionSource {
  session(): Result<EngineSession, EngineFailure>
}
export type WithSession = <T>(
  request: (session: EngineSession) => Promise<Result<T, Failure>>,
) => Promise<Result<T, Failure>>

/**
 * @returns a function that calls `request` with the shown session. The function fails if no engine is connected, and
 * turns an exception into an engine failure.
 */
export function withSession(engine: SessionSource): WithSession {
  return async (request) => {
    const session = engine.session()
    if (!session.ok) return session
    try {
      return await request(session.value)
    } catch (error) {
      return fail(engineFailure(error, session.value.context))
    }
  }
}

/** Like `withSession`, for requests about a container: status 404 becomes `container-gone`. */
export function withContainerSession(engine: SessionSource): WithSession {
  const run = withSession(engine)
  return (request) =>
    run(async (session) => {
      try {
        return await request(session)
      } catch (error) {
        if (statusOf(error) === 404) return fail({ code: 'container-gone' })
        throw error
      }
    })
}
