/** Who can be asked for images by words, besides the catalogue. */
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'
import { fail, ok, type Failure, type Result, type SearchSource } from '../../preload/contract/index.ts'
import { EngineError, searchImages, tellsAutomated, type Engine } from '../engine/index.ts'
import type { Http } from '../registry/index.ts'
import { engineReply, hostReply, hubReply, type Told } from './found.ts'

export interface Source {
  readonly source: SearchSource
  /** The greater, the better its answers. */
  readonly rank: number
  /** Rejects where `signal` was aborted, once nothing of the question is under way any more. */
  search(words: string, signal: AbortSignal): Promise<Result<readonly Told[], Failure>>
}

const most = 50

/** Docker Hub's web API: it tells the most, and in the order that Docker's own site shows. */
export const hubSource = (http: Http, hubApi: string, within: number): Source => ({
  source: { kind: 'hub' },
  rank: 3,
  async search(words, signal) {
    const address = new URL('/v2/search/repositories/', hubApi)
    address.search = new URLSearchParams({ query: words, page_size: String(most) }).toString()
    const answer = await http.json(address, hubReply, { host: hub, signal, within })
    return answer.ok ? ok(answer.value.results) : answer
  },
})

/** A host that answers the old search of registries, as some mirrors do. `host` may be a whole address. */
export const hostSource = (http: Http, host: string, within: number): Source => ({
  source: { kind: 'host', host },
  rank: 2,
  async search(words, signal) {
    const address = new URL('/v1/search', host.includes('://') ? host : `https://${host}`)
    address.search = new URLSearchParams({ q: words, n: String(most) }).toString()
    const answer = await http.json(address, hostReply, { host, signal, within })
    // They copy what Docker Hub once said: that an image is not automated, nobody knows.
    return answer.ok
      ? ok(answer.value.results.map((one) => ({ ...one, automated: one.automated || undefined })))
      : answer
  },
})

/** The engine, which asks Docker Hub in its own way: its proxy may lead where Slipway's does not. */
export const engineSource = (engine: Pick<Engine, 'session'>, within: number): Source => ({
  source: { kind: 'engine' },
  rank: 1,
  async search(words, signal) {
    const session = engine.session()
    if (!session.ok) return session
    try {
      const asked = { term: words, limit: most, timeoutMs: within, signal }
      const told = await searchImages(session.value, engineReply, asked)
      const automated = tellsAutomated(session.value.capabilities.api)
      return ok(told.map((one) => ({ ...one, automated: automated ? one.automated : undefined })))
    } catch (error) {
      signal.throwIfAborted()
      if (v.isValiError(error)) return fail({ code: 'registry-nonsense', host: hub })
      if (!(error instanceof EngineError)) throw error
      return fail(error.failure.code === 'engine-timeout' ? { code: 'registry-slow', host: hub } : error.failure)
    }
  },
})
