/** Which engine is reached, as far as layers and removals depend on it. */
import type Docker from 'dockerode'
import type { EngineFailure, EngineState, Result } from '../../../preload/contract/index.ts'

export interface Where {
  readonly store: 'classic' | 'containerd'
  readonly endpoint: string
  readonly api: string
}

/** Nothing while no engine is reached. */
export function reached({ state }: { state(): EngineState }): Where | undefined {
  const now = state()
  if (now.status !== 'connected') return undefined
  return { store: now.facts.store, endpoint: now.context.endpoint, api: now.facts.api }
}

/**
 * The answer to what `docker` was asked, as long as it is the engine that is reached. An answer that the end of the
 * engine cuts short would never come: docker-modem waits for the rest of it.
 */
export async function whileHere<T>(
  { docker }: { docker(): Result<Docker, EngineFailure> },
  asked: Docker,
  answer: Promise<T>,
): Promise<T> {
  let watch: NodeJS.Timeout | undefined
  const gone = new Promise<never>((_, reject) => {
    watch = setInterval(() => {
      const now = docker()
      if (!now.ok || now.value !== asked)
        reject(Object.assign(new Error('The engine went away.'), { code: 'ECONNRESET' }))
    }, 100)
  })
  try {
    return await Promise.race([answer, gone])
  } finally {
    clearInterval(watch)
  }
}
