/**
 * A window's bounds: the requested ones, corrected by what the browser reports. Bars that Chromium draws inside its
 * window count as outside, like a window manager's frame, so bounds and content bounds are equal.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type * as Electron from 'electron'
import { browser } from './browser.ts'
import { screen } from './screen.ts'

type Rectangle = Electron.Rectangle
type State = 'normal' | 'minimized' | 'maximized' | 'fullscreen'
type Change = 'resize' | 'move' | 'maximize' | 'unmaximize' | 'minimize' | 'restore'
type Options = Pick<Electron.BrowserWindowConstructorOptions, 'x' | 'y' | 'width' | 'height' | 'minWidth' | 'minHeight'>

export class Bounds {
  readonly #options: Options
  readonly #changed: (change: Change) => void
  #windowId: number | undefined
  #bars: Electron.Size = { width: 0, height: 0 }
  #now: Rectangle
  #normal: Rectangle
  #state: State = 'normal'
  /** Without a window manager, maximizing is emulated by resizing. */
  #played: State | undefined
  #emitted: Rectangle & { readonly state: State }
  #last: Promise<void> = Promise.resolve()

  constructor(options: Options, changed: (change: Change) => void) {
    this.#options = options
    this.#changed = changed
    const { width = 800, height = 600 } = options
    const { workArea } = screen.getPrimaryDisplay()
    const middle = (start: number, whole: number, part: number) => start + Math.max(0, Math.round((whole - part) / 2))
    const x = options.x ?? middle(workArea.x, workArea.width, width)
    const y = options.y ?? middle(workArea.y, workArea.height, height)
    this.#now = { x, y, width, height }
    this.#normal = this.#now
    this.#emitted = { ...this.#now, state: 'normal' }
  }

  get now(): Rectangle {
    return { ...this.#now }
  }

  get normal(): Rectangle {
    return { ...this.#normal }
  }

  get state(): State {
    return this.#played ?? this.#state
  }

  /** Applied before anything is drawn, so that no other size is visible. */
  async place(targetId: string): Promise<void> {
    const { windowId } = await browser().send('Browser.getWindowForTarget', { targetId })
    this.#windowId = windowId
    const { x: left, y: top, width, height } = this.#now
    await browser().send('Browser.setContentsSize', { windowId, width, height })
    await browser().send('Browser.setWindowBounds', { windowId, bounds: { left, top } })
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    const thickness = (outer: number | undefined, inner: number) => Math.max(0, (outer ?? 0) - inner)
    this.#bars = { width: thickness(bounds.width, width), height: thickness(bounds.height, height) }
    await this.refresh()
  }

  set(wanted: Partial<Rectangle>): void {
    const { minWidth = 0, minHeight = 0 } = this.#options
    const { x, y, width, height } = { ...this.#now, ...wanted }
    const target = { x, y, width: Math.max(width, minWidth), height: Math.max(height, minHeight) }
    this.#now = target
    void this.#do((windowId) => this.#move(windowId, target))
  }

  become(state: 'normal' | 'minimized' | 'maximized'): void {
    if (this.state === state) return
    const wasPlayed = this.#played !== undefined
    this.#played = state
    void this.#do(async (windowId) => {
      if (!wasPlayed && (await applyState(windowId, state))) this.#played = undefined
      else await this.#play(windowId, state)
    })
  }

  /** The browser has no event for a moved or resized window, so it is queried whenever a change is likely. */
  refresh(): Promise<void> {
    return this.#do(async () => {})
  }

  /** Runs the operations one at a time; after each, the bounds are read again. */
  #do(step: (windowId: number) => Promise<unknown>): Promise<void> {
    this.#last = this.#last
      .then(async () => {
        if (this.#windowId === undefined) return
        await step(this.#windowId)
        await this.#read(this.#windowId)
      })
      // The window may be closed; its last bounds stay available.
      .catch(() => {})
    return this.#last
  }

  async #read(windowId: number): Promise<void> {
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    const { left = 0, top = 0, width = 0, height = 0, windowState = 'normal' } = bounds
    this.#now = { x: left, y: top, width: width - this.#bars.width, height: height - this.#bars.height }
    this.#state = windowState
    if (this.state === 'normal') this.#normal = this.#now
    this.#emitChanges()
  }

  #emitChanges(): void {
    const [old, now] = [this.#emitted, { ...this.#now, state: this.state }]
    this.#emitted = now
    if (old.width !== now.width || old.height !== now.height) this.#changed('resize')
    if (old.x !== now.x || old.y !== now.y) this.#changed('move')
    if (old.state === now.state) return
    if (now.state === 'maximized') this.#changed('maximize')
    else if (now.state === 'minimized') this.#changed('minimize')
    else this.#changed(old.state === 'minimized' ? 'restore' : 'unmaximize')
  }

  async #play(windowId: number, state: State): Promise<void> {
    this.#played = state === 'normal' ? undefined : state
    const { workArea } = screen.getDisplayMatching(this.#normal)
    const { x, y, width, height } = workArea
    const inside = { x, y, width: width - this.#bars.width, height: height - this.#bars.height }
    if (state !== 'minimized') await this.#move(windowId, state === 'maximized' ? inside : this.#normal)
  }

  #move(windowId: number, { x: left, y: top, width, height }: Rectangle): Promise<unknown> {
    const size = { width: width + this.#bars.width, height: height + this.#bars.height }
    return browser().send('Browser.setWindowBounds', { windowId, bounds: { left, top, ...size } })
  }
}

/** @returns whether a window manager applied the state within 200 ms; false if none is running */
async function applyState(windowId: number, windowState: State): Promise<boolean> {
  await browser().send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
  for (let tries = 0; tries < 10; tries++) {
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    if (bounds.windowState === windowState) return true
    await delay(20)
  }
  return false
}
