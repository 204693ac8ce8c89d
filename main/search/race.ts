/**
 * Searches several sources at once. The catalogue answers immediately. The best of the other sources gets a head start.
 * Results of a better source replace those of a worse one, never the reverse.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { fail, type FoundImage, type SearchAnswer, type SourceFailure } from '../../preload/contract/index.ts'
import type { Catalogue } from './catalogue.ts'
import { toFoundImages } from './results.ts'
import type { Source } from './sources.ts'

interface Dependencies {
  /** Best first. */
  readonly sources: readonly Source[]
  readonly catalogue: Catalogue
  readonly publish: (answer: SearchAnswer) => void
  /** Delay between the last call of `search` and the first request. */
  readonly debounceMs?: number
  /** How long the best source searches alone. */
  readonly headStartMs?: number
}

interface BestResults {
  readonly source: SearchAnswer['source']
  readonly rank: number
  readonly images: readonly FoundImage[]
}

const minCharacters = 2

export function searchRace({ sources, catalogue, publish, debounceMs = 200, headStartMs = 400 }: Dependencies) {
  let current = new AbortController()
  const queuedSources = sources.map(oneAtATime)

  /** Cancels the previous search. @returns the catalogue's results; those of the other sources are published */
  function search(words: string): SearchAnswer {
    current.abort()
    current = new AbortController()
    const best: BestResults = { source: { kind: 'catalogue' }, rank: 0, images: catalogue.search(words) }
    const pending = sources.length > 0 && isSearchable(words)
    const { signal } = current
    if (pending)
      run(words, best, signal).catch((error: unknown) => {
        if (!signal.aborted) console.error('A search failed:', error)
      })
    return { words, source: best.source, images: best.images, failed: [], pending }
  }

  async function run(words: string, best: BestResults, signal: AbortSignal): Promise<void> {
    await delay(debounceMs, undefined, { signal })
    const failed: SourceFailure[] = []
    const unanswered = new Set(queuedSources)
    const [first, ...others] = queuedSources
    /** Aborted when no remaining source can improve the results. */
    const settled = new AbortController()
    const ended = AbortSignal.any([signal, settled.signal])

    async function query(source: Source): Promise<void> {
      const answer = await source.search(words.trim(), ended).catch((error: unknown) => {
        if (!ended.aborted) console.error('A search failed:', error)
        return fail({ code: 'internal' })
      })
      if (ended.aborted) return
      unanswered.delete(source)
      if (answer.ok) {
        const images = toFoundImages(answer.value, catalogue)
        // Empty results do not replace others: Docker Hub finds nothing for Chinese words, the catalogue does.
        if (source.rank > best.rank && (images.length > 0 || best.images.length === 0))
          best = { source: source.origin, rank: source.rank, images }
      } else failed.push({ source: source.origin, failure: answer.error })
      // An answer of the best source ends the search, even without results.
      const pending = !(answer.ok && source === first) && [...unanswered].some(({ rank }) => rank > best.rank)
      publish({ words, source: best.source, images: best.images, failed: [...failed], pending })
      if (!pending) settled.abort()
    }

    const firstQuery = query(first!)
    // The delay rejects only if `ended` is aborted, which is checked below.
    const headStart = delay(headStartMs, undefined, { signal: ended }).catch(() => undefined)
    await Promise.race([firstQuery, headStart])
    await Promise.all([firstQuery, ...(ended.aborted ? [] : others.map(query))])
  }

  return { search, end: () => current.abort() }
}

/** Wraps a source so that a search starts only after the previous one has ended. */
function oneAtATime(source: Source): Source {
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...source,
    search(words, signal) {
      const previous = last
      const result = (async () => {
        await previous.catch(() => undefined)
        signal.throwIfAborted()
        return source.search(words, signal)
      })()
      last = result
      return result
    },
  }
}

/**
 * Whether words are sent to the sources. A single character matches too much. Words with a registry, tag or digest are
 * excluded: the engine would send a search with a registry's name to that registry.
 */
function isSearchable(words: string): boolean {
  const trimmed = words.trim()
  return trimmed.length >= minCharacters && !/[:@]|^[^/]*\.[^/]*\/|^localhost\//.test(trimmed)
}
