/** Where a window stands and how large it is: what was asked for, corrected by what the browser tells. */
import { setTimeout as delay } from 'node:timers/promises'
import type * as Electron from 'electron'
import { browser } from './browser.ts'
import { screen } from './screen.ts'

type Rectangle = Electron.Rectangle
type State = 'normal' | 'minimized' | 'maximized' | 'fullscreen'
type Change = 'resize' | 'move' | 'maximize' | 'unmaximize' | 'minimize' | 'restore'
type Options = Pick<
  Electron.BrowserWindowConstructorOptions,
  'x' | 'y' | 'width' | 'height' | 'minWidth' | 'minHeight' | 'useContentSize'
>

export class Bounds {
  readonly #options: Options
  readonly #changed: (change: Change) => void
  #windowId: number | undefined
  #outer: Rectangle
  #normal: Rectangle
  #content: Electron.Size
  #state: State = 'normal'
  /** Without a window manager nothing is maximized: then it is played by size. */
  #played: State | undefined
  #told: Rectangle & { readonly state: State }
  #last: Promise<void> = Promise.resolve()

  constructor(options: Options, changed: (change: Change) => void) {
    const { width = 800, height = 600 } = options
    const { workArea } = screen.getPrimaryDisplay()
    const middle = (start: number, whole: number, part: number) => start + Math.max(0, Math.round((whole - part) / 2))
    this.#options = options
    this.#changed = changed
    this.#outer = {
      x: options.x ?? middle(workArea.x, workArea.width, width),
      y: options.y ?? middle(workArea.y, workArea.height, height),
      width,
      height,
    }
    this.#normal = this.#outer
    this.#told = { ...this.#outer, state: 'normal' }
    this.#content = { width, height }
  }

  get outer(): Rectangle {
    return { ...this.#outer }
  }

  get normal(): Rectangle {
    return { ...this.#normal }
  }

  get state(): State {
    return this.#played ?? this.#state
  }

  /** The frame is as thick at both sides and below; what is left above is the title. */
  get content(): Rectangle {
    const { x, y, width, height } = this.#outer
    const side = Math.max(0, Math.round((width - this.#content.width) / 2))
    return { x: x + side, y: y + Math.max(0, height - this.#content.height - side), ...this.#content }
  }

  /** Before anything is drawn, so that no one sees another size. */
  async place(targetId: string): Promise<void> {
    const { windowId } = await browser().send('Browser.getWindowForTarget', { targetId })
    this.#windowId = windowId
    const { x: left, y: top, width, height } = this.#outer
    const size = this.#options.useContentSize ? {} : { width, height }
    await browser().send('Browser.setWindowBounds', { windowId, bounds: { left, top, ...size } })
    if (this.#options.useContentSize) await browser().send('Browser.setContentsSize', { windowId, width, height })
    await this.#read(windowId)
  }

  set(wanted: Partial<Rectangle>): void {
    this.#outer = this.#atLeast({ ...this.#outer, ...wanted })
    const { x: left, y: top, width, height } = this.#outer
    this.#do((windowId) =>
      browser().send('Browser.setWindowBounds', { windowId, bounds: { left, top, width, height } }),
    )
  }

  setContent(width: number, height: number): void {
    const size = this.#atLeast({ width, height })
    const [wider, higher] = [size.width - this.#content.width, size.height - this.#content.height]
    this.#outer = { ...this.#outer, width: this.#outer.width + wider, height: this.#outer.height + higher }
    this.#content = size
    this.#do((windowId) => browser().send('Browser.setContentsSize', { windowId, ...size }))
  }

  become(state: 'normal' | 'minimized' | 'maximized'): void {
    if (this.state === state) return
    const wasPlayed = this.#played !== undefined
    this.#played = state
    this.#do(async (windowId) => {
      if (!wasPlayed && (await reached(windowId, state))) this.#played = undefined
      else await this.#play(windowId, state)
    })
  }

  contentIs(width: number, height: number): void {
    if (width > 0 && height > 0) this.#content = { width, height }
    void this.refresh()
  }

  /** The browser has no event for a window that was moved or resized: it is asked whenever that is likely. */
  refresh(): Promise<void> {
    return this.#do(async () => {})
  }

  /** One thing after the other, each followed by a look at what came of it. */
  #do(step: (windowId: number) => Promise<unknown>): Promise<void> {
    this.#last = this.#last
      .then(async () => {
        if (this.#windowId === undefined) return
        await step(this.#windowId)
        await this.#read(this.#windowId)
      })
      // The window may be gone; what it was last stays known.
      .catch(() => {})
    return this.#last
  }

  async #read(windowId: number): Promise<void> {
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    const { left = 0, top = 0, width = 0, height = 0, windowState = 'normal' } = bounds
    this.#outer = { x: left, y: top, width, height }
    this.#state = windowState
    if (this.state === 'normal') this.#normal = this.#outer
    this.#tell()
  }

  #tell(): void {
    const [old, now] = [this.#told, { ...this.#outer, state: this.state }]
    this.#told = now
    if (old.width !== now.width || old.height !== now.height) this.#changed('resize')
    if (old.x !== now.x || old.y !== now.y) this.#changed('move')
    if (old.state === now.state) return
    if (now.state === 'maximized') this.#changed('maximize')
    else if (now.state === 'minimized') this.#changed('minimize')
    else this.#changed(old.state === 'minimized' ? 'restore' : 'unmaximize')
  }

  async #play(windowId: number, state: State): Promise<void> {
    this.#played = state === 'normal' ? undefined : state
    const to = state === 'maximized' ? screen.getDisplayMatching(this.#normal).workArea : this.#normal
    const bounds = { left: to.x, top: to.y, width: to.width, height: to.height }
    if (state !== 'minimized') await browser().send('Browser.setWindowBounds', { windowId, bounds })
  }

  #atLeast<Size extends Electron.Size>(size: Size): Size {
    const { minWidth = 0, minHeight = 0 } = this.#options
    return { ...size, width: Math.max(size.width, minWidth), height: Math.max(size.height, minHeight) }
  }
}

/** A window manager takes its time; none at all never gets there. */
async function reached(windowId: number, windowState: State): Promise<boolean> {
  await browser().send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
  for (let tries = 0; tries < 10; tries++) {
    const { bounds } = await browser().send('Browser.getWindowBounds', { windowId })
    if (bounds.windowState === windowState) return true
    await delay(20)
  }
  return false
}
