/** A call of the window, on the session that is shown when it comes. */
import { fail, type EngineFailure, type Failure, type Result } from '../../preload/contract/index.ts'
import { engineFailure, statusOf } from './api/errors.ts'
import type { EngineSession } from './api/session.ts'

interface Shown {
  session(): Result<EngineSession, EngineFailure>
}
export type Asking = <T>(ask: (session: EngineSession) => Promise<Result<T, Failure>>) => Promise<Result<T, Failure>>

export function asking(engine: Shown): Asking {
  return async (ask) => {
    const session = engine.session()
    if (!session.ok) return session
    try {
      return await ask(session.value)
    } catch (error) {
      return fail(engineFailure(error, session.value.context.endpoint))
    }
  }
}

/** The same of a container: 404 means that it is gone. */
export function askingContainer(engine: Shown): Asking {
  const ask = asking(engine)
  return (question) =>
    ask(async (session) => {
      try {
        return await question(session)
      } catch (error) {
        if (statusOf(error) === 404) return fail({ code: 'container-gone' })
        throw error
      }
    })
}
