/** Electron's `BrowserWindow`: a Chromium app window without browser bars. */
import type * as Electron from 'electron'
import { app, lifecycle } from './app.ts'
import { Bounds } from './bounds.ts'
import { browser, closePage, openPage, type Page } from './browser.ts'
import { asWhole, Contents, type Host } from './contents.ts'
import { windowEvents, type WindowEvents } from './events.ts'
import { guard, LoudEmitter, preventable } from './guard.ts'
import { rejectUnsupported } from './options.ts'

type Implemented =
  | ('id' | 'loadURL' | 'reload' | 'show' | 'hide' | 'focus' | 'close' | 'destroy' | 'isDestroyed' | 'isVisible')
  | ('isFocused' | 'minimize' | 'isMinimized' | 'restore' | 'maximize' | 'unmaximize' | 'isMaximized' | 'getBounds')
  | ('getNormalBounds' | 'getContentBounds' | 'setBounds' | 'setContentSize' | 'getTitle' | 'setTitle')
  | 'setMenuBarVisibility'

const windows = new Set<Window>()
let count = 0

class Window extends LoudEmitter<WindowEvents> implements Pick<Electron.BrowserWindow, Implemented> {
  readonly id = ++count
  readonly webContents: Contents
  readonly #bounds: Bounds
  #page: Page | undefined
  #title: string
  #isVisible: boolean
  #isFocused = false
  #isDestroyed = false
  #isClosing = false

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super('BrowserWindow', windowEvents)
    rejectUnsupported(options)
    const host: Host = {
      destroy: () => this.destroy(),
      told: (report) => {
        if (report.kind === 'bounds') void this.#bounds.refresh()
        else this.#focusIs(report.focused)
      },
    }
    this.#bounds = new Bounds(options, (change) => this.emit(change))
    this.#title = options.title ?? app.name
    this.#isVisible = options.show ?? true
    this.webContents = new Contents(host)
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'))
    windows.add(this)
    lifecycle.opened(this)
    app.emit('web-contents-created', preventable(), asWhole(this.webContents))
    app.emit('browser-window-created', preventable(), wholeWindow(this))
    this.#open(options).catch((error: unknown) => {
      // The window may have been closed in the meantime.
      if (this.#isDestroyed) return
      console.error('a window could not be opened:', error)
      this.destroy()
    })
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }

  reload(): void {
    this.webContents.reload()
  }

  /** The window is visible from the start, but empty: `show` only changes what the app is told. */
  show(): void {
    this.focus()
    if (this.#isVisible) return
    this.#isVisible = true
    this.emit('show')
  }

  hide(): void {
    if (!this.#isVisible) return
    this.#isVisible = false
    this.emit('hide')
  }

  focus(): void {
    if (this.#page) browser().post('Target.activateTarget', { targetId: this.#page.targetId })
  }

  close(): void {
    if (this.#isDestroyed || this.#isClosing) return
    this.#isClosing = true
    void this.#askAndClose()
  }

  destroy(): void {
    if (this.#isDestroyed) return
    if (this.#page) closePage(this.#page)
    this.#end()
  }

  isDestroyed(): boolean {
    return this.#isDestroyed
  }

  isVisible(): boolean {
    return this.#isVisible
  }

  isFocused(): boolean {
    return this.#isFocused
  }

  minimize(): void {
    this.#bounds.become('minimized')
  }

  isMinimized(): boolean {
    return this.#bounds.state === 'minimized'
  }

  restore(): void {
    this.#bounds.become('normal')
  }

  maximize(): void {
    this.#bounds.become('maximized')
  }

  unmaximize(): void {
    this.#bounds.become('normal')
  }

  isMaximized(): boolean {
    return this.#bounds.state === 'maximized'
  }

  getBounds(): Electron.Rectangle {
    return this.#bounds.now
  }

  getNormalBounds(): Electron.Rectangle {
    return this.#bounds.normal
  }

  getContentBounds(): Electron.Rectangle {
    return this.#bounds.now
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#bounds.set(bounds)
  }

  setContentSize(width: number, height: number): void {
    this.#bounds.set({ width, height })
  }

  /** The title bar still shows the document's title. */
  setTitle(title: string): void {
    this.#title = title
  }

  getTitle(): string {
    return this.#title
  }

  /** There is no menu bar. */
  setMenuBarVisibility(): void {}

  async #open({
    webPreferences,
    backgroundColor = '#ffffff',
  }: Electron.BrowserWindowConstructorOptions): Promise<void> {
    const page = await openPage()
    if (this.#isDestroyed) return closePage(page)
    this.#page = page
    page.onTitle((title) => this.#titleIs(title))
    void page.closed.then(() => this.#wasClosed())
    await this.#bounds.place(page.targetId)
    await this.webContents.attach(page, webPreferences?.preload, backgroundColor)
  }

  async #askAndClose(): Promise<void> {
    await this.#bounds.refresh()
    const event = preventable()
    this.emit('close', event)
    this.#isClosing = false
    if (event.defaultPrevented) lifecycle.stays()
    else this.destroy()
  }

  /** The user closed the window: Chromium does not ask first, so listeners cannot prevent it. */
  #wasClosed(): void {
    if (this.#isDestroyed) return
    const event = preventable()
    this.emit('close', event)
    if (event.defaultPrevented) console.error('the stand-in cannot keep a window that the user closed')
    this.#end()
  }

  #end(): void {
    this.#isDestroyed = true
    windows.delete(this)
    this.webContents.destroyed()
    this.emit('closed')
    lifecycle.closed(this)
  }

  #focusIs(focused: boolean): void {
    if (focused === this.#isFocused) return
    this.#isFocused = focused
    this.emit(focused ? 'focus' : 'blur')
  }

  #titleIs(title: string): void {
    if (title === '' || title === this.webContents.getTitle()) return
    this.webContents.titled(title)
    const event = preventable()
    this.emit('page-title-updated', event, title, true)
    if (!event.defaultPrevented) this.#title = title
  }
}

const statics = {
  getAllWindows: () => [...windows].map(wholeWindow),
  getFocusedWindow: () => first((window) => window.isFocused()),
  fromWebContents: (contents) => first((window) => asWhole(window.webContents) === contents),
  fromId: (id) => first((window) => window.id === id),
} satisfies Partial<typeof Electron.BrowserWindow>

export const BrowserWindow = guard<typeof Window & typeof statics>('BrowserWindow', Object.assign(Window, statics))

function first(matches: (window: Window) => boolean): Electron.BrowserWindow | null {
  const found = [...windows].find(matches)
  return found ? wholeWindow(found) : null
}

/** Unsupported members throw (guard.ts), so the object may have the full type. */
function wholeWindow(window: Window): Electron.BrowserWindow {
  return window as unknown as Electron.BrowserWindow
}
