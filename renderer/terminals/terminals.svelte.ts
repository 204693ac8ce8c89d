/** The terminals that are open on main, which of them is in sight, and what of them the user is being asked. */
import type { ContainerId } from '../../model/image/image.ts'
import type { Failure, Result, Terminal, TerminalId } from '../../preload/contract/index.ts'
import { live } from '../engine/live.svelte.ts'
import { screens, type ScreenName } from '../ui/screens.svelte.ts'
import { t } from '../ui/words.svelte.ts'
import { likelySize, type Size } from './fitting.ts'
import type { TerminalKey } from './keys.ts'
import { TerminalView } from './terminal-view.ts'
import { linesOf, pasted } from './typed.ts'

/** What is not done before the user has agreed. */
export type Question =
  | { readonly about: 'paste'; readonly view: TerminalView; readonly text: string }
  | { readonly about: 'link'; readonly address: string }
  | { readonly about: 'close'; readonly terminal: Terminal }

const darkness = matchMedia('(prefers-color-scheme: dark)')

class Terminals {
  list = $state.raw<readonly Terminal[]>([])
  question = $state.raw<Question>()
  /** Whether what is put out is told to a screen reader, too. */
  aloud = $state(false)
  /** What went wrong with the terminal in sight. */
  failure = $state.raw<Failure>()
  /** Where the terminal's menu is asked for. */
  menuAt = $state.raw<{ readonly x: number; readonly y: number }>()
  #chosen = $state<TerminalId>()
  readonly shown = $derived(this.list.find(({ id }) => id === this.#chosen) ?? this.list.at(-1))
  readonly container = $derived(live.containers.find(({ id }) => id === this.shown?.container))
  readonly #views = new Map<TerminalId, TerminalView>()
  /** The screen to go back to from the last terminal. */
  #before: ScreenName = 'images'
  #size: Size | undefined

  async load() {
    slipway.on('terminals.data', (piece) => this.#views.get(piece.id)?.receive(piece))
    slipway.on('terminals.changed', (terminal) => this.#changed(terminal))
    slipway.on('terminals.closed', (id) => this.#closed(id))
    darkness.addEventListener('change', () => this.#views.forEach((view) => view.recolour()))
    await this.#read()
  }

  async #read() {
    const answer = await slipway.call('terminals.list')
    if (!answer.ok) return
    this.list = answer.value
    for (const terminal of answer.value) this.view(terminal)
  }

  /** The size that a new terminal will have. */
  get size(): Size {
    return this.#size ?? likelySize()
  }

  /** Opens one and shows it; where a program or its logs are on screen already, that one. */
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
    if (screens.current !== 'terminals') this.#before = screens.current
    screens.current = 'terminals'
    this.#views.get(id)?.focus()
  }

  choose(id: TerminalId) {
    this.#chosen = id
    this.failure = undefined
  }
  /** So many tabs further, round the end. */
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
    if (!view) this.#views.set(id, (view = this.#made(terminal)))
    return view
  }

  #made(terminal: Terminal): TerminalView {
    const view: TerminalView = new TerminalView(terminal, {
      size: this.size,
      label: t('terminal.input'),
      dark: () => darkness.matches,
      key: (meaning) => this.#key(view, terminal.id, meaning),
      pasted: (text) => this.#paste(view, text),
      link: (address) => this.#link(address),
      menu: (x, y) => (this.menuAt = { x, y }),
      fitted: (size) => (this.#size = size),
    })
    view.aloud = this.aloud
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

  readAloud(on: boolean) {
    this.aloud = on
    this.#views.forEach((view) => (view.aloud = on))
  }

  copy(view: TerminalView) {
    if (view.selection) void slipway.call('window.copy', view.selection)
  }

  #paste(view: TerminalView, text: string) {
    const clean = pasted(text)
    if (linesOf(clean).length > 1) this.question = { about: 'paste', view, text: clean }
    else view.paste(clean)
  }

  #link(address: string) {
    const url = URL.parse(address)
    if (url && ['http:', 'https:'].includes(url.protocol)) this.question = { about: 'link', address: url.href }
  }

  /** Asks first where something ends with it. */
  close(id: TerminalId) {
    const terminal = this.list.find((one) => one.id === id)
    if (!terminal) return
    if (terminal.kind === 'shell' && terminal.state.is === 'open') this.question = { about: 'close', terminal }
    else void this.closeNow(id)
  }
  async closeNow(id: TerminalId) {
    await slipway.call('terminals.close', id)
  }

  /** Those that are begun again: once is enough. */
  readonly #again = new Set<TerminalId>()
  /** The same again in place of one that has ended: a container that has ended too is started. */
  async again({ id, container, kind }: Terminal) {
    if (this.#again.has(id)) return
    this.#again.add(id)
    await this.#try(async () => {
      const started = kind === 'attach'
      const answer = started
        ? await slipway.call('terminals.start', { container, size: { ...this.size } })
        : await this.open(container, kind)
      if (answer.ok && started) await this.show(answer.value)
      if (answer.ok) await this.closeNow(id)
      return answer
    })
    this.#again.delete(id)
  }

  async #try(does: () => Promise<Result<unknown>>) {
    this.failure = undefined
    const answer = await does()
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
    if (this.list.length === 0 && screens.current === 'terminals') screens.current = this.#before
    if (!wasShown || this.list.length === 0) return
    const { id: next } = this.list[Math.min(at, this.list.length - 1)]!
    this.choose(next)
    if (screens.current === 'terminals') this.#views.get(next)?.focus()
  }
}

export const terminals = new Terminals()
