/**
 * A search as a race: the catalogue answers at once, then the sources, the best with a head start. A better answer
 * takes the place of a worse one, never the other way round.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { fail, type FoundImage, type SearchAnswer, type SourceFailure } from '../../preload/contract/index.ts'
import type { Catalogue } from './catalogue.ts'
import { foundImages } from './found.ts'
import type { Source } from './sources.ts'

interface Needs {
  /** The best first. */
  readonly sources: readonly Source[]
  readonly catalogue: Catalogue
  readonly publish: (answer: SearchAnswer) => void
  /** How long the user is to have rested before anyone is asked, in milliseconds. */
  readonly rest?: number
  readonly headStart?: number
}

interface Best {
  readonly source: SearchAnswer['source']
  readonly rank: number
  readonly images: readonly FoundImage[]
}

const fewestCharacters = 2

export function searchRace({ sources, catalogue, publish, rest = 200, headStart = 400 }: Needs) {
  let turn = new AbortController()
  const lanes = sources.map(lane)

  /** The catalogue's answer; those of the others are published. A newer search ends all that an older one began. */
  function search(words: string): SearchAnswer {
    turn.abort()
    turn = new AbortController()
    const best: Best = { source: { kind: 'catalogue' }, rank: 0, images: catalogue.search(words) }
    const pending = sources.length > 0 && isAsked(words)
    const { signal } = turn
    if (pending)
      run(words, best, signal).catch((error: unknown) => {
        // Ended by a newer search, it has nothing to tell.
        if (!signal.aborted) console.error('A search failed:', error)
      })
    return { words, source: best.source, images: best.images, failed: [], pending }
  }

  async function run(words: string, best: Best, signal: AbortSignal): Promise<void> {
    await delay(rest, undefined, { signal })
    const failed: SourceFailure[] = []
    const left = new Set(lanes)
    const [first, ...others] = lanes
    /** Ends the questions whose answers would no longer be better. */
    const settled = new AbortController()
    const over = AbortSignal.any([signal, settled.signal])

    async function ask(one: Source): Promise<void> {
      const answer = await one.search(words.trim(), over).catch((error: unknown) => {
        if (!over.aborted) console.error('A search failed:', error)
        return fail({ code: 'internal' })
      })
      if (over.aborted) return
      left.delete(one)
      if (answer.ok) {
        const images = foundImages(answer.value, catalogue)
        // Who finds nothing takes nothing away: Docker Hub knows no Chinese, the catalogue does.
        if (one.rank > best.rank && (images.length > 0 || best.images.length === 0))
          best = { source: one.source, rank: one.rank, images }
      } else failed.push({ source: one.source, failure: answer.error })
      // The best one's word is the last, even where it found nothing.
      const pending = !(answer.ok && one === first) && [...left].some(({ rank }) => rank > best.rank)
      publish({ words, source: best.source, images: best.images, failed: [...failed], pending })
      if (!pending) settled.abort()
    }

    const asked = ask(first!)
    // It rejects only when it is cut short, which `over` tells as well.
    const start = delay(headStart, undefined, { signal: over }).catch(() => undefined)
    await Promise.race([asked, start])
    await Promise.all([asked, ...(over.aborted ? [] : others.map(ask))])
  }

  return { search, end: () => turn.abort() }
}

/** A source of which a question is asked only when the one before has ended. */
function lane(source: Source): Source {
  let before: Promise<unknown> = Promise.resolve()
  return {
    ...source,
    search(words, signal) {
      const former = before
      const asked = (async () => {
        await former.catch(() => undefined)
        signal.throwIfAborted()
        return source.search(words, signal)
      })()
      before = asked
      return asked
    },
  }
}

/** One letter finds anything, and what names a registry or a tag is no word: an engine would ask that very host. */
function isAsked(words: string): boolean {
  const trimmed = words.trim()
  return trimmed.length >= fewestCharacters && !/[:@]|^[^/]*\.[^/]*\/|^localhost\//.test(trimmed)
}
