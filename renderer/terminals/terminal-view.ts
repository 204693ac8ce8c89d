/**
 * One terminal as it is drawn. It lives as long as the terminal does, in sight or not: what is put out elsewhere
 * meanwhile is drawn all the same, so that no program waits for somebody to look.
 */
import type { Terminal as Xterm } from '@xterm/xterm'
import type { Terminal, TerminalId, TerminalReplay } from '../../preload/contract/index.ts'
import { Arrivals } from './arrivals.ts'
import { Finder, mostFound } from './finder.svelte.ts'
import { Fitting, type Size } from './fitting.ts'
import { withHan } from './han.ts'
import { scrolls, terminalKey, type TerminalKey } from './keys.ts'
import { leastContrast, themes } from './theme.ts'
import { pieces } from './typed.ts'

interface Needs {
  /** What it is most likely to have, until it is in sight. */
  readonly size: Size
  readonly label: string
  readonly dark: () => boolean
  key(meaning: TerminalKey): void
  pasted(text: string): void
  link(address: string): void
  menu(x: number, y: number): void
  fitted(size: Size): void
}

/** Main lets 256 kB be on their way; so it hears in time, and not too often. */
const toldAfter = 64 * 1024
const fontSize = 13
/** The contract's bound. */
const mostCopied = 1_000_000

export class TerminalView {
  readonly finder: Finder
  readonly #id: TerminalId
  readonly #needs: Needs
  readonly #host = document.createElement('div')
  readonly #arrivals = new Arrivals()
  #xterm: Xterm | undefined
  #fitting: Fitting | undefined
  /** Where drawing has come to, and what main knows of it. */
  #drawn = 0
  #told = 0
  /** Questions that are drawn again have been answered before. */
  #replaying = true
  /** Nobody hears what is typed. */
  #deaf: boolean
  #wantsFocus = false
  #gone = false
  #aloud = false

  constructor({ id, readOnly, state }: Terminal, needs: Needs) {
    this.#id = id
    this.#needs = needs
    this.#deaf = readOnly || state.is === 'ended'
    this.finder = new Finder(needs.dark)
    this.#listen()
    void this.#begin()
  }

  async #begin() {
    const mono = getComputedStyle(document.documentElement).getPropertyValue('--font-mono')
    const [{ makeXterm }, font] = await Promise.all([import('./xterm.ts'), withHan(mono, fontSize)])
    if (this.#gone) return
    const { size, label, link } = this.#needs
    const look = { font, fontSize, theme: this.#theme, contrast: leastContrast, mostFound }
    const { xterm, fit, search } = makeXterm({ ...size, ...look, label, link, readOnly: this.#deaf })
    xterm.attachCustomKeyEventHandler((event) => this.#key(event))
    xterm.onData((text) => this.write(text))
    // Bytes, which an old protocol of the mouse wants; as text they go through below 128, where most of them are.
    xterm.onBinary((bytes) => this.write(bytes.replace(/[^\p{ASCII}]/gu, '')))
    this.#xterm = xterm
    this.aloud = this.#aloud
    this.#fitting = new Fitting(xterm, fit, (size) => this.#tell(size))
    this.finder.begin(xterm, search)
    if (this.#host.isConnected) this.#drawIn()
    await this.#replay(xterm)
  }

  async #replay(xterm: Xterm) {
    const answer = await slipway.call('terminals.replay', this.#id)
    if (!answer.ok || this.#gone) return
    const { at, bytes } = answer.value
    this.#drawn = this.#told = at + bytes.length
    const [kept = bytes, ...early] = this.#arrivals.begin(answer.value)
    xterm.write(kept, () => (this.#replaying = false))
    for (const piece of early) this.#draw(xterm, piece)
    if (this.#deaf) this.#hideCursor()
  }

  receive(piece: TerminalReplay) {
    for (const bytes of this.#arrivals.take(piece)) if (this.#xterm) this.#draw(this.#xterm, bytes)
  }

  /** Xterm draws one piece after the other, and lets the window answer in between. */
  #draw(xterm: Xterm, bytes: Uint8Array) {
    xterm.write(bytes, () => {
      this.#drawn += bytes.length
      if (this.#drawn - this.#told < toldAfter) return
      this.#told = this.#drawn
      void slipway.call('terminals.took', { id: this.#id, upTo: this.#drawn })
    })
  }

  /** As if it were typed. */
  write(text: string) {
    if (this.#deaf || this.#replaying) return
    for (const piece of pieces(text)) void slipway.call('terminals.write', { id: this.#id, text: piece })
  }

  /** In brackets, where the program asks for them. */
  paste(text: string) {
    this.#xterm?.paste(text)
  }

  end() {
    this.#deaf = true
    if (!this.#xterm) return
    this.#xterm.options.disableStdin = true
    this.#hideCursor()
  }
  #hideCursor() {
    this.#xterm?.write('\x1b[?25l')
  }

  /** Puts it into a place in the window; what is returned takes it out again. */
  show(place: HTMLElement): () => void {
    place.append(this.#host)
    this.#drawIn()
    const observer = new ResizeObserver(() => this.#fitting?.soon())
    observer.observe(place)
    return () => {
      observer.disconnect()
      this.#host.remove()
    }
  }

  #drawIn() {
    if (this.#xterm && !this.#xterm.element) {
      this.#xterm.open(this.#host)
      this.#fitting?.begin()
    }
    if (this.#wantsFocus) this.focus()
  }

  #tell(size: Size) {
    this.#needs.fitted(size)
    void slipway.call('terminals.resize', { id: this.#id, ...size })
  }

  /** At once, or as soon as it is in sight. */
  focus() {
    this.#wantsFocus = !(this.#xterm?.element && this.#host.isConnected)
    if (!this.#wantsFocus) this.#xterm?.focus()
  }

  get selection(): string {
    return this.#xterm?.getSelection().slice(0, mostCopied) ?? ''
  }
  selectAll() {
    this.#xterm?.selectAll()
  }

  /** For a screen reader: what is in sight stands in the page as text, too, and what comes is told. */
  set aloud(on: boolean) {
    this.#aloud = on
    if (this.#xterm) this.#xterm.options.screenReaderMode = on
  }

  recolour() {
    if (this.#xterm) this.#xterm.options.theme = this.#theme
    this.#host.style.backgroundColor = this.#theme.background
  }
  get #theme() {
    return themes[this.#needs.dark() ? 'dark' : 'light']
  }

  dispose() {
    this.#gone = true
    this.#xterm?.dispose()
    this.#host.remove()
  }

  #listen() {
    const host = this.#host
    host.className = 'h-full'
    this.recolour()
    host.addEventListener('paste', (event) => this.#paste(event), { capture: true })
    host.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      this.#needs.menu(event.clientX, event.clientY)
    })
    // What is typed for a program is no command for the app.
    host.addEventListener('keydown', (event) => {
      if (!this.#deaf && this.#meaning(event) !== 'app') event.stopPropagation()
    })
  }

  #paste(event: ClipboardEvent) {
    event.preventDefault()
    event.stopPropagation()
    if (!this.#deaf) this.#needs.pasted(event.clipboardData?.getData('text/plain') ?? '')
  }

  #meaning(event: KeyboardEvent): TerminalKey | undefined {
    return terminalKey(event, this.#xterm?.buffer.active.type === 'alternate')
  }

  /** False: xterm leaves the key alone. */
  #key(event: KeyboardEvent): boolean {
    const meaning = this.#meaning(event)
    if (meaning === 'paste' || meaning === 'app') return false
    if (meaning) {
      event.preventDefault()
      if (event.type === 'keydown') this.#needs.key(meaning)
      return false
    }
    if (this.#deaf && event.type === 'keydown' && this.#xterm && scrolls(this.#xterm, event.key)) event.preventDefault()
    return !this.#deaf
  }
}
