/**
 * A window's bounds: the requested ones, corrected by what the browser reports. Bars that Chromium draws inside its
 * window are treated like a window manager's frame and not counted, so bounds and content bounds are equal.
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
  readonly #onChange: (change: Change) => void
  #windowId: number | undefined
  #bars: Electron.Size = { width: 0, height: 0 }
  #current: Rectangle
  #normal: Rectangle
  #state: State = 'normal'
  /** A requested state that no window manager has applied (yet). Without one, maximizing is emulated by resizing. */
  #emulatedState: State | undefined
  #lastEmitted: Rectangle & { readonly state: State }
  #queue: Promise<void> = Promise.resolve()

  constructor(options: Options, onChange: (change: Change) => void) {
    this.#options = options
    this.#onChange = onChange
    const { width = 800, height = 600 } = options
    const { workArea } = screen.getPrimaryDisplay()
    const centered = (start: number, available: number, size: number) =>
      start + Math.max(0, Math.round((available - size) / 2))
    const x = options.x ?? centered(workArea.x, workArea.width, width)
    const y = options.y ?? centered(workArea.y, workArea.height, height)
    this.#current = { x, y, width, height }
    this.#normal = this.#current
    this.#lastEmitted = { ...this.#current, state: 'normal' }
  }

  get current(): Rectangle {
    return { ...this.#current }
  }

  get normal(): Rectangle {
    return { ...this.#normal }
  }

  get state(): State {
    return this.#emulatedState ?? this.#state
  }

  /** Applies the requested bounds to a page's window. Call this before the page is drawn, so that its size never jumps. */
  async applyTo(targetId: string): Promise<void> {
    const { windowId } = await browser().send('Browser.getWindowForTarget', { targetId })
    this.#windowId = windowId
    const { x: left, y: top, width, height } = this.#current
    await browser().send('Browser.setContentsSize', { windowId, width, height })
    await browser().send('Browser.setWindowBounds', { windowId, bounds: { left, top } })
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    const thickness = (outer: number | undefined, inner: number) => Math.max(0, (outer ?? 0) - inner)
    this.#bars = { width: thickness(bounds.width, width), height: thickness(bounds.height, height) }
    await this.refresh()
  }

  set(changes: Partial<Rectangle>): void {
    const { minWidth = 0, minHeight = 0 } = this.#options
    const { x, y, width, height } = { ...this.#current, ...changes }
    const target = { x, y, width: Math.max(width, minWidth), height: Math.max(height, minHeight) }
    this.#current = target
    void this.#enqueue((windowId) => this.#move(windowId, target))
  }

  setState(state: 'normal' | 'minimized' | 'maximized'): void {
    if (this.state === state) return
    const wasEmulated = this.#emulatedState !== undefined
    this.#emulatedState = state
    void this.#enqueue(async (windowId) => {
      if (!wasEmulated && (await applyState(windowId, state))) this.#emulatedState = undefined
      else await this.#emulateState(windowId, state)
    })
  }

  /** Reads the bounds from the browser, which has no event for them. Call this whenever a change is likely. */
  refresh(): Promise<void> {
    return this.#enqueue(async () => {})
  }

  /** Runs the operation after all earlier ones, and then reads the bounds. */
  #enqueue(operation: (windowId: number) => Promise<unknown>): Promise<void> {
    this.#queue = this.#queue
      .then(async () => {
        if (this.#windowId === undefined) return
        await operation(this.#windowId)
        await this.#read(this.#windowId)
      })
      // The window may be closed; its last bounds stay available.
      .catch(() => {})
    return this.#queue
  }

  async #read(windowId: number): Promise<void> {
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    const { left = 0, top = 0, width = 0, height = 0, windowState = 'normal' } = bounds
    this.#current = { x: left, y: top, width: width - this.#bars.width, height: height - this.#bars.height }
    this.#state = windowState
    if (this.state === 'normal') this.#normal = this.#current
    this.#emitChanges()
  }

  #emitChanges(): void {
    const [previous, current] = [this.#lastEmitted, { ...this.#current, state: this.state }]
    this.#lastEmitted = current
    if (previous.width !== current.width || previous.height !== current.height) this.#onChange('resize')
    if (previous.x !== current.x || previous.y !== current.y) this.#onChange('move')
    if (previous.state === current.state) return
    if (current.state === 'maximized') this.#onChange('maximize')
    else if (current.state === 'minimized') this.#onChange('minimize')
    else this.#onChange(previous.state === 'minimized' ? 'restore' : 'unmaximize')
  }

  async #emulateState(windowId: number, state: State): Promise<void> {
    this.#emulatedState = state === 'normal' ? undefined : state
    const { workArea } = screen.getDisplayMatching(this.#normal)
    const { x, y, width, height } = workArea
    const contentArea = { x, y, width: width - this.#bars.width, height: height - this.#bars.height }
    if (state !== 'minimized') await this.#move(windowId, state === 'maximized' ? contentArea : this.#normal)
  }

  #move(windowId: number, { x: left, y: top, width, height }: Rectangle): Promise<unknown> {
    const size = { width: width + this.#bars.width, height: height + this.#bars.height }
    return browser().send('Browser.setWindowBounds', { windowId, bounds: { left, top, ...size } })
  }
}

/** @returns whether the window manager applied the state within 200 ms; false if there is no window manager */
async function applyState(windowId: number, windowState: State): Promise<boolean> {
  await browser().send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
  for (let tries = 0; tries < 10; tries++) {
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    if (bounds.windowState === windowState) return true
    await delay(20)
  }
  return false
}
