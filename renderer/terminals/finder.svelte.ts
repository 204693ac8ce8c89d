/** What is looked for in a terminal's text, and how often it is there. */
import type { ISearchOptions, SearchAddon } from '@xterm/addon-search'
import type { Terminal } from '@xterm/xterm'
import { foundColours } from './theme.ts'

/** More are not counted. */
export const mostFound = 1000

export class Finder {
  shown = $state(false)
  /** How often it was asked for: each time, the field is to be typed into. */
  asked = $state(0)
  text = $state('')
  /** How often it is there; the place of the one in sight, from 1. */
  count = $state(0)
  at = $state(0)
  #search: SearchAddon | undefined
  #xterm: Terminal | undefined
  readonly #dark: () => boolean

  constructor(dark: () => boolean) {
    this.#dark = dark
  }

  begin(xterm: Terminal, search: SearchAddon) {
    this.#xterm = xterm
    this.#search = search
    search.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.count = resultCount
      this.at = resultIndex + 1
    })
  }

  /** From the newest output upwards, as one looks for what went by. */
  look() {
    this.#nothing()
    this.previous()
  }
  previous() {
    if (this.text) this.#search?.findPrevious(this.text, this.#options)
  }
  next() {
    if (this.text) this.#search?.findNext(this.text, this.#options)
  }

  open() {
    this.shown = true
    this.asked++
  }

  end() {
    this.shown = false
    this.#nothing()
  }

  #nothing() {
    this.#search?.clearDecorations()
    this.#xterm?.clearSelection()
    this.count = this.at = 0
  }

  get #options(): ISearchOptions {
    const { found, here } = foundColours[this.#dark() ? 'dark' : 'light']
    return {
      decorations: {
        matchBackground: found,
        matchOverviewRuler: found,
        activeMatchBackground: here,
        activeMatchColorOverviewRuler: here,
      },
    }
  }
}
