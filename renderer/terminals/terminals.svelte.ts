/** The terminals, which of them is shown, and the action that the user is asked to confirm. */
import type { ContainerId } from '../../model/image/image.ts'
import type { Failure, Result, Terminal, TerminalId } from '../../preload/contract/index.ts'
import { live } from '../engine/live.svelte.ts'
import { screens, type ScreenName } from '../ui/screens.svelte.ts'
import { t } from '../ui/i18n.svelte.ts'
import { estimateSize, type Size } from './terminal-fit.ts'
import type { TerminalKey } from './keys.ts'
import { TerminalView } from './terminal-view.ts'
import { linesOf, sanitizePaste } from './input.ts'

/** An action that the user is asked to confirm. */
export type Confirmation =
  | { readonly kind: 'paste'; readonly view: TerminalView; readonly text: string }
  | { readonly kind: 'close'; readonly terminal: Terminal }

const darkScheme = matchMedia('(prefers-color-scheme: dark)')

class Terminals {
  list = $state.raw<readonly Terminal[]>([])
  confirmation = $state.raw<Confirmation>()
  /** Whether screen readers announce the output. */
  screenReaderMode = $state(false)
  /** The failure of the last action on the shown terminal. */
  failure = $state.raw<Failure>()
  /** Where the menu is to open after a right click, in window coordinates. */
  menuPosition = $state.raw<{ readonly x: number; readonly y: number }>()
  #selectedId = $state<TerminalId>()
  readonly shown = $derived(this.list.find(({ id }) => id === this.#selectedId) ?? this.list.at(-1))
  /** The container of the shown terminal; undefined if it no longer exists. */
  readonly container = $derived(live.containers.find(({ id }) => id === this.shown?.container))
  readonly #views = new Map<TerminalId, TerminalView>()
  /** The screen to return to when the last terminal closes. */
  #previousScreen: ScreenName = 'images'
  #size: Size | undefined

  async load() {
    slipway.on('terminals.data', (chunk) => this.#views.get(chunk.id)?.receive(chunk))
    slipway.on('terminals.changed', (terminal) => this.#updateTerminal(terminal))
    slipway.on('terminals.closed', (id) => this.#removeTerminal(id))
    darkScheme.addEventListener('change', () => this.#views.forEach((view) => view.applyTheme()))
    await this.#loadList()
  }

  async #loadList() {
    const answer = await slipway.call('terminals.list')
    if (!answer.ok) return
    this.list = answer.value
    for (const terminal of answer.value) this.viewOf(terminal)
  }

  /** The size for a new terminal: that of the last resized terminal, or an estimate. */
  get size(): Size {
    return this.#size ?? estimateSize()
  }

  /** Opens a terminal and shows it. For `attach` and `logs`, an open terminal of that kind is shown again. */
  async open(
    container: ContainerId,
    kind: Terminal['kind'],
    replacement: { readonly replaces?: TerminalId } = {},
  ): Promise<Result<TerminalId>> {
    const existing = this.list.find(
      (terminal) =>
        kind !== 'shell' &&
        terminal.container === container &&
        terminal.kind === kind &&
        terminal.state.status === 'open',
    )
    const answer = existing
      ? { ok: true as const, value: existing.id }
      : await slipway.call('terminals.open', { container, kind, size: { ...this.size }, ...replacement })
    if (answer.ok) await this.show(answer.value)
    return answer
  }

  /** Opens the screen Terminals with a terminal, and focuses the terminal. */
  async show(id: TerminalId) {
    if (!this.list.some((terminal) => terminal.id === id)) await this.#loadList()
    this.select(id)
    if (screens.current !== 'terminals') this.#previousScreen = screens.current
    screens.current = 'terminals'
    this.#views.get(id)?.focus()
  }

  /** Makes a terminal the shown one, without opening the screen Terminals. */
  select(id: TerminalId) {
    this.#selectedId = id
    this.failure = undefined
  }
  /** Shows the terminal that is `offset` tabs to the right (or left, if negative), wrapping around. */
  showNeighbour(offset: number) {
    const index = this.list.findIndex(({ id }) => id === this.shown?.id)
    const next = this.list.at((index + offset) % this.list.length)
    if (!next) return
    this.select(next.id)
    this.#views.get(next.id)?.focus()
  }

  /** @returns the view of a terminal, created on the first call */
  viewOf(terminal: Terminal): TerminalView {
    const { id } = terminal
    let view = this.#views.get(id)
    if (!view) this.#views.set(id, (view = this.#createView(terminal)))
    return view
  }

  #createView(terminal: Terminal): TerminalView {
    const view: TerminalView = new TerminalView(terminal, {
      size: this.size,
      label: t('terminal.input'),
      isDark: () => darkScheme.matches,
      onKey: (key) => this.#handleKey(view, terminal.id, key),
      onPaste: (text) => this.#paste(view, text),
      // Main asks the user first.
      onLink: (address) => void slipway.call('window.openLink', address),
      onContextMenu: (x, y) => (this.menuPosition = { x, y }),
      onResize: (size) => (this.#size = size),
    })
    view.screenReaderMode = this.screenReaderMode
    return view
  }

  #handleKey(view: TerminalView, id: TerminalId, key: TerminalKey) {
    if (key === 'close') this.close(id)
    else if (key === 'previous-tab') this.showNeighbour(-1)
    else if (key === 'next-tab') this.showNeighbour(1)
    else if (key === 'find') view.finder.open()
    else if (key === 'copy') this.copy(view)
    else if (key === 'focus-tabs') document.querySelector<HTMLElement>('#terminal-tabs [aria-selected=true]')?.focus()
  }

  setScreenReaderMode(on: boolean) {
    this.screenReaderMode = on
    this.#views.forEach((view) => (view.screenReaderMode = on))
  }

  copy(view: TerminalView) {
    if (view.selection) void slipway.call('window.copy', view.selection)
  }

  #paste(view: TerminalView, text: string) {
    const sanitized = sanitizePaste(text)
    if (linesOf(sanitized).length > 1) this.confirmation = { kind: 'paste', view, text: sanitized }
    else view.paste(sanitized)
  }

  /** Closes a terminal. If that would end a shell, the user is asked to confirm first. */
  close(id: TerminalId) {
    const terminal = this.list.find((other) => other.id === id)
    if (!terminal) return
    if (terminal.kind === 'shell' && terminal.state.status === 'open') this.confirmation = { kind: 'close', terminal }
    else void this.closeNow(id)
  }
  /** Closes a terminal without asking. */
  async closeNow(id: TerminalId) {
    await slipway.call('terminals.close', id)
  }

  /** Terminals that are being restarted. Further clicks are ignored. */
  readonly #restarting = new Set<TerminalId>()
  /** Replaces an ended terminal with a new one of the same kind. For `attach` the container is started again. */
  async restart({ id, container, kind }: Terminal) {
    if (this.#restarting.has(id)) return
    this.#restarting.add(id)
    await this.#runAction(async () => {
      const startsContainer = kind === 'attach'
      const answer = startsContainer
        ? await slipway.call('terminals.start', { container, size: { ...this.size }, replaces: id })
        : await this.open(container, kind, { replaces: id })
      if (answer.ok && startsContainer) await this.show(answer.value)
      if (answer.ok) await this.closeNow(id)
      return answer
    })
    this.#restarting.delete(id)
  }

  /** Runs an action on the shown terminal and keeps its failure, if any. */
  async #runAction(action: () => Promise<Result<unknown>>) {
    this.failure = undefined
    const answer = await action()
    if (!answer.ok) this.failure = answer.error
  }

  #updateTerminal(terminal: Terminal) {
    const index = this.list.findIndex(({ id }) => id === terminal.id)
    this.list = index < 0 ? [...this.list, terminal] : this.list.with(index, terminal)
    const view = this.viewOf(terminal)
    if (terminal.state.status === 'ended') view.end()
  }

  #removeTerminal(id: TerminalId) {
    const index = this.list.findIndex((terminal) => terminal.id === id)
    const wasShown = this.shown?.id === id
    this.#views.get(id)?.dispose()
    this.#views.delete(id)
    this.list = this.list.filter((terminal) => terminal.id !== id)
    if (this.list.length === 0 && screens.current === 'terminals') screens.current = this.#previousScreen
    if (!wasShown || this.list.length === 0) return
    const { id: next } = this.list[Math.min(index, this.list.length - 1)]!
    this.select(next)
    if (screens.current === 'terminals') this.#views.get(next)?.focus()
  }
}

export const terminals = new Terminals()
