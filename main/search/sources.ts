/** The sources of a search, besides the catalogue. */
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'
import { readEngineMessage } from '../../model/pull/engine-message.ts'
import { fail, ok, type Failure, type Result, type SearchSource } from '../../preload/contract/index.ts'
import { EngineError, searchImages, reportsAutomatedBuilds, type Engine } from '../engine/index.ts'
import { registryFailureOf, type Http } from '../registry/index.ts'
import { engineReply, hostReply, hubReply, type SearchHit } from './results.ts'

export interface Source {
  /** How results name this source. */
  readonly origin: SearchSource
  /** Sources with a higher rank have better results. */
  readonly rank: number
  /** Rejects if `signal` is aborted, after all requests of the search have ended. */
  search(words: string, signal: AbortSignal): Promise<Result<readonly SearchHit[], Failure>>
}

const maxResults = 50

/** Docker Hub's web API. It has the most details, and the same order as hub.docker.com. */
export const hubSource = (http: Http, hubApi: string, timeoutMs: number): Source => ({
  origin: { kind: 'hub' },
  rank: 3,
  async search(words, signal) {
    const address = new URL('/v2/search/repositories/', hubApi)
    address.search = new URLSearchParams({ query: words, page_size: String(maxResults) }).toString()
    const answer = await http.json(address, hubReply, { host: hub, signal, timeoutMs })
    return answer.ok ? ok(answer.value.results) : answer
  },
})

/** A host with the v1 registry search API, such as some mirrors. `host` may be a full URL. */
export const hostSource = (http: Http, host: string, timeoutMs: number): Source => ({
  origin: { kind: 'host', host },
  rank: 2,
  async search(words, signal) {
    const address = new URL('/v1/search', host.includes('://') ? host : `https://${host}`)
    address.search = new URLSearchParams({ q: words, n: String(maxResults) }).toString()
    const answer = await http.json(address, hostReply, { host, signal, timeoutMs })
    // These hosts copy old data of Docker Hub, so `false` for automated is not reliable.
    return answer.ok
      ? ok(answer.value.results.map((hit) => ({ ...hit, automated: hit.automated || undefined })))
      : answer
  },
})

/** The engine's search. The engine may reach Docker Hub through a proxy that Slipway does not have. */
export const engineSource = (engine: Pick<Engine, 'session'>, timeoutMs: number): Source => ({
  origin: { kind: 'engine' },
  rank: 1,
  async search(words, signal) {
    const session = engine.session()
    if (!session.ok) return session
    try {
      const options = { term: words, limit: maxResults, timeoutMs, signal }
      const hits = await searchImages(session.value, engineReply, options)
      const hasAutomated = reportsAutomatedBuilds(session.value.capabilities.api)
      return ok(hits.map((hit) => ({ ...hit, automated: hasAutomated ? hit.automated : undefined })))
    } catch (error) {
      signal.throwIfAborted()
      if (v.isValiError(error)) return fail({ code: 'registry-invalid-reply', host: hub })
      if (!(error instanceof EngineError)) throw error
      return fail(searchFailure(error.failure, words))
    }
  },
})

/** The engine repeats what Docker Hub, or the way to it, said. */
function searchFailure(failure: EngineError['failure'], words: string): Failure {
  if (failure.code === 'engine-timeout') return { code: 'registry-slow', host: hub }
  if (failure.code !== 'engine-refused') return failure
  return registryFailureOf(readEngineMessage(failure.detail, hub), words) ?? failure
}
