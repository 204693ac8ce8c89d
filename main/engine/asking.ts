/** Asking the engine that is reached, with what goes wrong told in the app's own codes. */
import type Docker from 'dockerode'
import { fail, type EngineFailure, type Failure, type Result } from '../../preload/contract/index.ts'
import { statusOf } from './api/errors.ts'

interface Reached {
  docker(): Result<Docker, EngineFailure>
  failure(error: unknown): EngineFailure
}
export type Asking = <T>(ask: (docker: Docker) => Promise<Result<T, Failure>>) => Promise<Result<T, Failure>>

export function asking({ docker, failure }: Reached): Asking {
  return async (ask) => {
    const reached = docker()
    if (!reached.ok) return reached
    try {
      return await ask(reached.value)
    } catch (error) {
      return fail(failure(error))
    }
  }
}

/** The same of a container: who is not there is gone. */
export function askingContainer(engine: Reached): Asking {
  const ask = asking(engine)
  return (question) =>
    ask(async (docker) => {
      try {
        return await question(docker)
      } catch (error) {
        if (statusOf(error) === 404) return fail({ code: 'container-gone' })
        throw error
      }
    })
}
