/** The open terminals, the one that is shown, and the question that the user must answer. */
import type { ContainerId } from '../../model/image/image.ts'
import type { Failure, Result, Terminal, TerminalId } from '../../preload/contract/index.ts'
import { live } from '../engine/live.svelte.ts'
import { screens, type ScreenName } from '../ui/screens.svelte.ts'
import { t } from '../ui/i18n.svelte.ts'
import { estimateSize, type Size } from './terminal-fit.ts'
import type { TerminalKey } from './keys.ts'
import { TerminalView } from './terminal-view.ts'
import { linesOf, pasted } from './input.ts'

/** An action that needs the user's confirmation. */
export type Question =
  | { readonly about: 'paste'; readonly view: TerminalView; readonly text: string }
  | { readonly about: 'link'; readonly address: string }
  | { readonly about: 'close'; readonly terminal: Terminal }

const darkScheme = matchMedia('(prefers-color-scheme: dark)')

class Terminals {
  list = $state.raw<readonly Terminal[]>([])
  question = $state.raw<Question>()
  /** Whether screen readers announce the output. */
  screenReaderMode = $state(false)
  /** The failure of the last action on the shown terminal. */
  failure = $state.raw<Failure>()
  /** Position of the context menu, in window coordinates. */
  menuAt = $state.raw<{ readonly x: number; readonly y: number }>()
  #chosen = $state<TerminalId>()
  readonly shown = $derived(this.list.find(({ id }) => id === this.#chosen) ?? this.list.at(-1))
  readonly container = $derived(live.containers.find(({ id }) => id === this.shown?.container))
  readonly #views = new Map<TerminalId, TerminalView>()
  /** The screen to return to when the last terminal closes. */
  #previousScreen: ScreenName = 'images'
  #size: Size | undefined

  async load() {
    slipway.on('terminals.data', (piece) => this.#views.get(piece.id)?.receive(piece))
    slipway.on('terminals.changed', (terminal) => this.#changed(terminal))
    slipway.on('terminals.closed', (id) => this.#closed(id))
    darkScheme.addEventListener('change', () => this.#views.forEach((view) => view.applyTheme()))
    await this.#read()
  }

  async #read() {
    const answer = await slipway.call('terminals.list')
    if (!answer.ok) return
    this.list = answer.value
    for (const terminal of answer.value) this.view(terminal)
  }

  /** Size for a new terminal. */
  get size(): Size {
    return this.#size ?? estimateSize()
  }

  /** Opens a terminal and shows it. For `attach` and `logs`, an open terminal of that kind is shown again. */
  async open(container: ContainerId, kind: Terminal['kind']): Promise<Result<TerminalId>> {
    const same = this.list.find(
      (one) => kind !== 'shell' && one.container === container && one.kind === kind && one.state.is === 'open',
    )
    const answer = same
      ? { ok: true as const, value: same.id }
      : await slipway.call('terminals.open', { container, kind, size: { ...this.size } })
    if (answer.ok) await this.show(answer.value)
    return answer
  }

  async show(id: TerminalId) {
    if (!this.list.some((one) => one.id === id)) await this.#read()
    this.choose(id)
    if (screens.current !== 'terminals') this.#previousScreen = screens.current
    screens.current = 'terminals'
    this.#views.get(id)?.focus()
  }

  choose(id: TerminalId) {
    this.#chosen = id
    this.failure = undefined
  }
  /** Moves by this many tabs, wrapping around. */
  step(by: number) {
    const at = this.list.findIndex(({ id }) => id === this.shown?.id)
    const next = this.list.at((at + by) % this.list.length)
    if (!next) return
    this.choose(next.id)
    this.#views.get(next.id)?.focus()
  }

  view(terminal: Terminal): TerminalView {
    const { id } = terminal
    let view = this.#views.get(id)
    if (!view) this.#views.set(id, (view = this.#createView(terminal)))
    return view
  }

  #createView(terminal: Terminal): TerminalView {
    const view: TerminalView = new TerminalView(terminal, {
      size: this.size,
      label: t('terminal.input'),
      dark: () => darkScheme.matches,
      key: (meaning) => this.#key(view, terminal.id, meaning),
      pasted: (text) => this.#paste(view, text),
      link: (address) => this.#link(address),
      menu: (x, y) => (this.menuAt = { x, y }),
      fitted: (size) => (this.#size = size),
    })
    view.screenReaderMode = this.screenReaderMode
    return view
  }

  #key(view: TerminalView, id: TerminalId, meaning: TerminalKey) {
    if (meaning === 'close') this.close(id)
    else if (meaning === 'before') this.step(-1)
    else if (meaning === 'after') this.step(1)
    else if (meaning === 'find') view.finder.open()
    else if (meaning === 'copy') this.copy(view)
    else if (meaning === 'leave') document.querySelector<HTMLElement>('#terminal-tabs [aria-selected=true]')?.focus()
  }

  setScreenReaderMode(on: boolean) {
    this.screenReaderMode = on
    this.#views.forEach((view) => (view.screenReaderMode = on))
  }

  copy(view: TerminalView) {
    if (view.selection) void slipway.call('window.copy', view.selection)
  }

  #paste(view: TerminalView, text: string) {
    const sanitized = pasted(text)
    if (linesOf(sanitized).length > 1) this.question = { about: 'paste', view, text: sanitized }
    else view.paste(sanitized)
  }

  #link(address: string) {
    const url = URL.parse(address)
    if (url && ['http:', 'https:'].includes(url.protocol)) this.question = { about: 'link', address: url.href }
  }

  /** Closes a terminal; asks first if a running shell would end. */
  close(id: TerminalId) {
    const terminal = this.list.find((one) => one.id === id)
    if (!terminal) return
    if (terminal.kind === 'shell' && terminal.state.is === 'open') this.question = { about: 'close', terminal }
    else void this.closeNow(id)
  }
  async closeNow(id: TerminalId) {
    await slipway.call('terminals.close', id)
  }

  /** Terminals that are being restarted, so that a second click is ignored. */
  readonly #restarting = new Set<TerminalId>()
  /** Replaces an ended terminal with a new one of the same kind. For `attach` the container is started again. */
  async restart({ id, container, kind }: Terminal) {
    if (this.#restarting.has(id)) return
    this.#restarting.add(id)
    await this.#try(async () => {
      const started = kind === 'attach'
      const answer = started
        ? await slipway.call('terminals.start', { container, size: { ...this.size } })
        : await this.open(container, kind)
      if (answer.ok && started) await this.show(answer.value)
      if (answer.ok) await this.closeNow(id)
      return answer
    })
    this.#restarting.delete(id)
  }

  async #try(action: () => Promise<Result<unknown>>) {
    this.failure = undefined
    const answer = await action()
    if (!answer.ok) this.failure = answer.error
  }

  #changed(terminal: Terminal) {
    const at = this.list.findIndex(({ id }) => id === terminal.id)
    this.list = at < 0 ? [...this.list, terminal] : this.list.with(at, terminal)
    const view = this.view(terminal)
    if (terminal.state.is === 'ended') view.end()
  }

  #closed(id: TerminalId) {
    const at = this.list.findIndex((one) => one.id === id)
    const wasShown = this.shown?.id === id
    this.#views.get(id)?.dispose()
    this.#views.delete(id)
    this.list = this.list.filter((one) => one.id !== id)
    if (this.list.length === 0 && screens.current === 'terminals') screens.current = this.#previousScreen
    if (!wasShown || this.list.length === 0) return
    const { id: next } = this.list[Math.min(at, this.list.length - 1)]!
    this.choose(next)
    if (screens.current === 'terminals') this.#views.get(next)?.focus()
  }
}

export const terminals = new Terminals()
