/** Electron's `BrowserWindow`: a Chromium app window without browser bars. */
import type * as Electron from 'electron'
import { app, lifecycle } from './app.ts'
import { Bounds } from './bounds.ts'
import { browser, closePage, openPage, type Page } from './browser.ts'
import { asWebContents, Contents, type Host } from './contents.ts'
import { windowEvents, type WindowEvents } from './events.ts'
import { guard, StrictEmitter, createPreventableEvent } from './guard.ts'
import { rejectUnsupported } from './options.ts'

type Implemented =
  | ('id' | 'loadURL' | 'reload' | 'show' | 'hide' | 'focus' | 'close' | 'destroy' | 'isDestroyed' | 'isVisible')
  | ('isFocused' | 'minimize' | 'isMinimized' | 'restore' | 'maximize' | 'unmaximize' | 'isMaximized' | 'getBounds')
  | ('getNormalBounds' | 'getContentBounds' | 'setBounds' | 'setContentSize' | 'getTitle' | 'setTitle')
  | 'setMenuBarVisibility'

const windows = new Set<Window>()
let count = 0

class Window extends StrictEmitter<WindowEvents> implements Pick<Electron.BrowserWindow, Implemented> {
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
      onReport: (report) => {
        if (report.kind === 'bounds') void this.#bounds.refresh()
        else this.#setFocused(report.focused)
      },
    }
    this.#bounds = new Bounds(options, (change) => this.emit(change))
    this.#title = options.title ?? app.name
    this.#isVisible = options.show ?? true
    this.webContents = new Contents(host)
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'))
    windows.add(this)
    lifecycle.onWindowOpened(this)
    app.emit('web-contents-created', createPreventableEvent(), asWebContents(this.webContents))
    app.emit('browser-window-created', createPreventableEvent(), asBrowserWindow(this))
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

  /** The window is on the screen from the start, but empty: `show` only changes what `isVisible` returns. */
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
    void this.#closeUnlessPrevented()
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
    this.#bounds.setState('minimized')
  }

  isMinimized(): boolean {
    return this.#bounds.state === 'minimized'
  }

  restore(): void {
    this.#bounds.setState('normal')
  }

  maximize(): void {
    this.#bounds.setState('maximized')
  }

  unmaximize(): void {
    this.#bounds.setState('normal')
  }

  isMaximized(): boolean {
    return this.#bounds.state === 'maximized'
  }

  getBounds(): Electron.Rectangle {
    return this.#bounds.current
  }

  getNormalBounds(): Electron.Rectangle {
    return this.#bounds.normal
  }

  getContentBounds(): Electron.Rectangle {
    return this.#bounds.current
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
    page.onTitle((title) => this.#onTitleChange(title))
    void page.closed.then(() => this.#onClosed())
    await this.#bounds.applyTo(page.targetId)
    await this.webContents.attach(page, webPreferences?.preload, backgroundColor)
  }

  async #closeUnlessPrevented(): Promise<void> {
    await this.#bounds.refresh()
    const event = createPreventableEvent()
    this.emit('close', event)
    this.#isClosing = false
    if (event.defaultPrevented) lifecycle.cancelQuit()
    else this.destroy()
  }

  /** The user closed the window: Chromium does not ask first, so listeners cannot prevent it. */
  #onClosed(): void {
    if (this.#isDestroyed) return
    const event = createPreventableEvent()
    this.emit('close', event)
    if (event.defaultPrevented) console.error('the stand-in cannot keep a window that the user closed')
    this.#end()
  }

  #end(): void {
    this.#isDestroyed = true
    windows.delete(this)
    this.webContents.markDestroyed()
    this.emit('closed')
    lifecycle.onWindowClosed(this)
  }

  #setFocused(focused: boolean): void {
    if (focused === this.#isFocused) return
    this.#isFocused = focused
    this.emit(focused ? 'focus' : 'blur')
  }

  #onTitleChange(title: string): void {
    if (title === '' || title === this.webContents.getTitle()) return
    this.webContents.setTitle(title)
    const event = createPreventableEvent()
    this.emit('page-title-updated', event, title, true)
    if (!event.defaultPrevented) this.#title = title
  }
}

const statics = {
  getAllWindows: () => [...windows].map(asBrowserWindow),
  getFocusedWindow: () => findWindow((window) => window.isFocused()),
  fromWebContents: (contents) => findWindow((window) => asWebContents(window.webContents) === contents),
  fromId: (id) => findWindow((window) => window.id === id),
} satisfies Partial<typeof Electron.BrowserWindow>

export const BrowserWindow = guard<typeof Window & typeof statics>('BrowserWindow', Object.assign(Window, statics))

function findWindow(matches: (window: Window) => boolean): Electron.BrowserWindow | null {
  const found = [...windows].find(matches)
  return found ? asBrowserWindow(found) : null
}

/** Unsupported members throw (guard.ts), so the object may have the full type. */
function asBrowserWindow(window: Window): Electron.BrowserWindow {
  return window as unknown as Electron.BrowserWindow
}
