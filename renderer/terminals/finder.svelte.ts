/** Finds text in a terminal's output. */
import type { ISearchOptions, SearchAddon } from '@xterm/addon-search'
import type { Terminal } from '@xterm/xterm'
import { matchColours } from './theme.ts'

/** Matches beyond this number are not counted. */
export const maxMatches = 1000

export class Finder {
  /** Whether the find bar is shown. */
  shown = $state(false)
  /** Counts how often the find bar was opened: at each change, its field takes the focus. */
  openCount = $state(0)
  text = $state('')
  matchCount = $state(0)
  /** Position of the active match among the matches, from 1; 0 if there is none. */
  activeMatch = $state(0)
  #addon: SearchAddon | undefined
  #xterm: Terminal | undefined
  readonly #isDark: () => boolean

  constructor(isDark: () => boolean) {
    this.#isDark = isDark
  }

  attach(xterm: Terminal, search: SearchAddon) {
    this.#xterm = xterm
    this.#addon = search
    search.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.matchCount = resultCount
      this.activeMatch = resultIndex + 1
    })
  }

  /** Searches from the newest output upwards. */
  search() {
    this.#clear()
    this.previous()
  }
  previous() {
    if (this.text) this.#addon?.findPrevious(this.text, this.#options)
  }
  next() {
    if (this.text) this.#addon?.findNext(this.text, this.#options)
  }

  open() {
    this.shown = true
    this.openCount++
  }

  close() {
    this.shown = false
    this.#clear()
  }

  #clear() {
    this.#addon?.clearDecorations()
    this.#xterm?.clearSelection()
    this.matchCount = this.activeMatch = 0
  }

  get #options(): ISearchOptions {
    const { match, active } = matchColours[this.#isDark() ? 'dark' : 'light']
    return {
      decorations: {
        matchBackground: match,
        matchOverviewRuler: match,
        activeMatchBackground: active,
        activeMatchColorOverviewRuler: active,
      },
    }
  }
}
