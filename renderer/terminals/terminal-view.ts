/**
 * The view of one terminal. It exists as long as the terminal, and draws output even while another screen is shown, so
 * that no program blocks on unread output.
 */
import type { Terminal as Xterm } from '@xterm/xterm'
import type { Terminal, TerminalId, OutputChunk } from '../../preload/contract/index.ts'
import { TerminalOutput } from './terminal-output.ts'
import { Finder, maxMatches } from './finder.svelte.ts'
import { TerminalFit, type Size } from './terminal-fit.ts'
import { hanFontFamily } from './han-font.ts'
import { scrollByKey, terminalKey, type TerminalKey } from './keys.ts'
import { minContrast, themes } from './theme.ts'
import { InputQueue } from './input.ts'

interface TerminalViewOptions {
  /** Estimated size, until the terminal is visible and measured. */
  readonly size: Size
  readonly label: string
  readonly isDark: () => boolean
  onKey(key: TerminalKey): void
  onPaste(text: string): void
  onLink(address: string): void
  /** Called on a right click, with the position of the click in window coordinates. */
  onContextMenu(x: number, y: number): void
  onResize(size: Size): void
}

/** The view acknowledges its output once this much is drawn. Main stops reading at 256 kB of unacknowledged output. */
const acknowledgementBytes = 64 * 1024
const fontSize = 13
/** The contract's limit for a copied text, in UTF-16 code units. */
const maxCopyLength = 1_000_000

export class TerminalView {
  readonly finder: Finder
  readonly #id: TerminalId
  readonly #options: TerminalViewOptions
  readonly #host = document.createElement('div')
  readonly #output = new TerminalOutput()
  readonly #input = new InputQueue((text) => slipway.call('terminals.write', { id: this.#id, text }))
  #xterm: Xterm | undefined
  #fit: TerminalFit | undefined
  /** Offset in the output up to which all bytes are drawn. */
  #drawnUpTo = 0
  /** Offset in the output up to which all bytes are acknowledged to main. */
  #acknowledgedUpTo = 0
  /** True until the replay is drawn. Nothing is sent until then: xterm must not answer the replayed queries again. */
  #isReplaying = true
  /** Resolves once the replay is drawn. */
  readonly #replayEnd = Promise.withResolvers<void>()
  /** Whether input is ignored, because the terminal is read-only or has ended and no program reads it. */
  #ignoresInput: boolean
  #wantsFocus = false
  #disposed = false
  #screenReaderMode = false

  constructor({ id, readOnly, state }: Terminal, options: TerminalViewOptions) {
    this.#id = id
    this.#options = options
    this.#ignoresInput = readOnly || state.status === 'ended'
    this.finder = new Finder(options.isDark)
    this.#addListeners()
    void this.#start()
  }

  async #start() {
    const mono = getComputedStyle(document.documentElement).getPropertyValue('--font-mono')
    const [{ createXterm }, font] = await Promise.all([import('./xterm.ts'), hanFontFamily(mono, fontSize)])
    if (this.#disposed) return
    const { size, label, onLink } = this.#options
    const style = { font, fontSize, theme: this.#theme, contrast: minContrast, maxMatches }
    const { xterm, fit, search } = createXterm({ ...size, ...style, label, onLink, readOnly: this.#ignoresInput })
    xterm.attachCustomKeyEventHandler((event) => this.#handleKey(event))
    xterm.onData((text) => this.write(text))
    // Mouse reports in the X10 encoding are raw bytes. Only those below 128 (most are) can be sent as text.
    xterm.onBinary((bytes) => this.write(bytes.replace(/[^\p{ASCII}]/gu, '')))
    this.#xterm = xterm
    this.screenReaderMode = this.#screenReaderMode
    this.#fit = new TerminalFit(xterm, fit, (size) => this.#reportSize(size))
    this.finder.attach(xterm, search)
    if (this.#host.isConnected) this.#open()
    await this.#replay(xterm)
  }

  async #replay(xterm: Xterm) {
    const answer = await slipway.call('terminals.replay', this.#id)
    if (!answer.ok || this.#disposed) return
    const { at, bytes } = answer.value
    this.#drawnUpTo = this.#acknowledgedUpTo = at + bytes.length
    const [replay = bytes, ...earlyChunks] = this.#output.startFromReplay(answer.value)
    xterm.write(replay, () => {
      this.#isReplaying = false
      this.#replayEnd.resolve()
    })
    for (const chunk of earlyChunks) this.#draw(xterm, chunk)
    if (this.#ignoresInput) this.#hideCursor()
  }

  /** Draws a chunk of output, or keeps it until the replay has arrived. */
  receive(chunk: OutputChunk) {
    for (const bytes of this.#output.receive(chunk)) if (this.#xterm) this.#draw(this.#xterm, bytes)
  }

  /** Draws bytes after those that are already queued. xterm draws in steps, so the window stays responsive. */
  #draw(xterm: Xterm, bytes: Uint8Array) {
    xterm.write(bytes, () => {
      this.#drawnUpTo += bytes.length
      if (this.#drawnUpTo - this.#acknowledgedUpTo < acknowledgementBytes) return
      this.#acknowledgedUpTo = this.#drawnUpTo
      void slipway.call('terminals.acknowledge', { id: this.#id, upTo: this.#drawnUpTo })
    })
  }

  /** Sends text to the program as keyboard input. */
  write(text: string) {
    if (this.#ignoresInput || this.#isReplaying) return
    this.#input.write(text)
  }

  /** Pastes a text once the replay is drawn. Uses bracketed paste if the program has enabled it. */
  paste(text: string) {
    void this.#replayEnd.promise.then(() => this.#xterm?.paste(text))
  }

  /** Call this after the program has ended: input is ignored and the cursor is hidden. */
  end() {
    this.#ignoresInput = true
    if (!this.#xterm) return
    this.#xterm.options.disableStdin = true
    this.#hideCursor()
  }
  #hideCursor() {
    this.#xterm?.write('\x1b[?25l')
  }

  /**
   * Attaches the terminal to an element.
   * @returns a function that detaches it
   */
  show(container: HTMLElement): () => void {
    container.append(this.#host)
    this.#open()
    const observer = new ResizeObserver(() => this.#fit?.schedule())
    observer.observe(container)
    return () => {
      observer.disconnect()
      this.#host.remove()
    }
  }

  #open() {
    if (this.#xterm && !this.#xterm.element) {
      this.#xterm.open(this.#host)
      this.#fit?.start()
    }
    if (this.#wantsFocus) this.focus()
  }

  #reportSize(size: Size) {
    this.#options.onResize(size)
    void slipway.call('terminals.resize', { id: this.#id, ...size })
  }

  /** Focuses the terminal at once, or as soon as the terminal is visible. */
  focus() {
    this.#wantsFocus = !(this.#xterm?.element && this.#host.isConnected)
    if (!this.#wantsFocus) this.#xterm?.focus()
  }

  get selection(): string {
    return this.#xterm?.getSelection().slice(0, maxCopyLength) ?? ''
  }
  selectAll() {
    this.#xterm?.selectAll()
  }

  /** Screen reader mode: xterm mirrors the visible text into the page and announces new output. */
  set screenReaderMode(on: boolean) {
    this.#screenReaderMode = on
    if (this.#xterm) this.#xterm.options.screenReaderMode = on
  }

  applyTheme() {
    if (this.#xterm) this.#xterm.options.theme = this.#theme
    this.#host.style.backgroundColor = this.#theme.background
  }
  get #theme() {
    return themes[this.#options.isDark() ? 'dark' : 'light']
  }

  dispose() {
    this.#disposed = true
    this.#xterm?.dispose()
    this.#host.remove()
  }

  #addListeners() {
    const host = this.#host
    host.className = 'h-full'
    this.applyTheme()
    host.addEventListener('paste', (event) => this.#paste(event), { capture: true })
    host.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      this.#options.onContextMenu(event.clientX, event.clientY)
    })
    // Keys for the program must not trigger the app's shortcuts.
    host.addEventListener('keydown', (event) => {
      if (!this.#ignoresInput && this.#terminalKey(event) !== 'app') event.stopPropagation()
    })
  }

  #paste(event: ClipboardEvent) {
    event.preventDefault()
    event.stopPropagation()
    if (!this.#ignoresInput) this.#options.onPaste(event.clipboardData?.getData('text/plain') ?? '')
  }

  #terminalKey(event: KeyboardEvent): TerminalKey | undefined {
    return terminalKey(event, this.#xterm?.buffer.active.type === 'alternate')
  }

  /** @returns false if xterm must ignore the key */
  #handleKey(event: KeyboardEvent): boolean {
    const key = this.#terminalKey(event)
    if (key === 'paste' || key === 'app') return false
    if (key) {
      event.preventDefault()
      if (event.type === 'keydown') this.#options.onKey(key)
      return false
    }
    if (this.#ignoresInput && event.type === 'keydown' && this.#xterm && scrollByKey(this.#xterm, event.key))
      event.preventDefault()
    return !this.#ignoresInput
  }
}
