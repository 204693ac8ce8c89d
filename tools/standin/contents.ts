/** Electron's `webContents`: one page, from its first document until it is closed. */
import type * as Electron from 'electron'
import { app } from './app.ts'
import { blankUrl, type Page } from './browser.ts'
import type { Session } from './cdp.ts'
import { contentsEvents, type ContentsEvents } from './events.ts'
import { PageChannel } from './ipc.ts'
import { guard, StrictEmitter, createPreventableEvent } from './guard.ts'
import { pageSources, worldName, type Report } from './page.ts'
import { servePage, toAppUrl, toPageUrl } from './serving.ts'
import { session } from './session.ts'
import { applyTheme, parseColor } from './theme.ts'

type Navigation = Electron.Event<Electron.WebContentsWillNavigateEventParams>
type OpenHandler = Parameters<Electron.WebContents['setWindowOpenHandler']>[0]

type Implemented =
  | ('id' | 'session' | 'mainFrame' | 'send' | 'loadURL' | 'reload' | 'getURL' | 'getTitle' | 'isDestroyed' | 'close')
  | ('setWindowOpenHandler' | 'openDevTools' | 'setZoomFactor' | 'getZoomFactor' | 'setZoomLevel' | 'getZoomLevel')

/** The part of the window that `Contents` calls. */
export interface Host {
  destroy(): void
  onReport(report: Extract<Report, { kind: 'bounds' | 'focus' }>): void
}

/** Instances by DevTools target id, which Playwright uses to look them up. */
const contentsByTarget = new Map<string, Contents>()
let lastId = 0

export class Contents extends StrictEmitter<ContentsEvents> implements Pick<Electron.WebContents, Implemented> {
  readonly id = ++lastId
  readonly session = session.defaultSession
  readonly mainFrame: Electron.WebFrameMain
  readonly #host: Host
  #resolveAttached: (page: Session) => void = () => {}
  readonly #attached = new Promise<Session>((resolve) => (this.#resolveAttached = resolve))
  #page: Session | undefined
  #channel: PageChannel | undefined
  #mainFrameId: string | undefined
  #url = blankUrl
  #title = ''
  #zoom = 1
  /** URLs to which the page requested a navigation, by frame. Chromium reports this before it requests the document. */
  readonly #requestedNavigations = new Map<string, string>()
  #isDestroyed = false
  #openHandler: OpenHandler | undefined

  constructor(host: Host) {
    super('webContents', contentsEvents)
    this.#host = host
    const self = this
    const frame = {
      parent: null,
      get url() {
        return self.getURL()
      },
    }
    this.mainFrame = guard<Electron.WebFrameMain>('webFrameMain', frame)
  }

  /** Prepares the paused page and resumes it. */
  async attach(
    { session: page, targetId, closed }: Page,
    preload: string | undefined,
    background: string,
  ): Promise<void> {
    contentsByTarget.set(targetId, this)
    void closed.then(() => contentsByTarget.delete(targetId))
    this.#page = page
    this.#mainFrameId = targetId
    this.#channel = new PageChannel(
      page,
      targetId,
      { sender: asWebContents(this), senderFrame: this.mainFrame },
      (report) => this.#receive(report),
    )
    this.#listen(page)
    const blankPageShown = new Promise<void>((resolve) => page.on('Page.frameNavigated', () => resolve()))
    const sources = pageSources(preload)
    applyTheme(page, closed)
    await Promise.all([
      page.send('Page.enable'),
      page.send('Inspector.enable'),
      this.#channel.open(),
      page.send('Page.addScriptToEvaluateOnNewDocument', { source: sources.page }),
      page.send('Page.addScriptToEvaluateOnNewDocument', { source: sources.preload, worldName }),
      page.send('Emulation.setDefaultBackgroundColorOverride', { color: parseColor(background) }),
      servePage(page, (url, frameId) => this.#mayNavigate(url, frameId)),
      page.send('Runtime.runIfWaitingForDebugger'),
    ])
    // Wait for the blank page: its navigation would race with that of `loadURL`, and sometimes win. If it has already
    // ended, the listener above may have missed it, but the frame tree shows it.
    const { frameTree } = await page.send('Page.getFrameTree')
    if (frameTree.frame.url !== blankUrl) await blankPageShown
    this.#resolveAttached(page)
  }

  loadURL(url: string): Promise<void> {
    const destroyed = new Promise<never>((_, reject) =>
      this.once('destroyed', () => reject(loadError('ERR_FAILED', url))),
    )
    const loaded = Promise.race([this.#load(url), destroyed])
    // As in Electron, a failed load that nobody awaits is not an error of main's.
    loaded.catch(() => {})
    return loaded
  }

  reload(): void {
    this.#requestedNavigations.clear()
    this.#page?.post('Page.reload')
  }

  send(channel: string, ...values: unknown[]): void {
    this.#channel?.send(channel, values)
  }

  getURL(): string {
    return this.#url === blankUrl ? '' : toAppUrl(this.#url)
  }

  getTitle(): string {
    return this.#title
  }

  isDestroyed(): boolean {
    return this.#isDestroyed
  }

  close(): void {
    this.#host.destroy()
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  /** Has no effect. Chromium's own DevTools open with F12. */
  openDevTools(): void {}

  /** Zoom is CSS on the root element: unlike in Electron, innerWidth and media queries do not change. */
  setZoomFactor(factor: number): void {
    this.#zoom = factor
    this.#channel?.zoom(factor)
  }

  getZoomFactor(): number {
    return this.#zoom
  }

  setZoomLevel(level: number): void {
    this.setZoomFactor(1.2 ** level)
  }

  getZoomLevel(): number {
    return Math.log(this.#zoom) / Math.log(1.2)
  }

  setTitle(title: string): void {
    this.#title = title
  }

  markDestroyed(): void {
    this.#isDestroyed = true
    this.emit('destroyed')
  }

  async #load(url: string): Promise<void> {
    const page = await this.#attached
    const loaded = new Promise<void>((resolve) => this.once('did-finish-load', resolve))
    this.#requestedNavigations.clear()
    const { errorText } = await page.send('Page.navigate', { url: toPageUrl(url) })
    if (errorText) throw loadError(errorText.replace('net::', ''), url)
    await loaded
  }

  #listen(page: Session): void {
    page
      .on('Page.frameNavigated', ({ frame }) => {
        if (frame.parentId === undefined) this.#url = frame.url
      })
      .on('Page.domContentEventFired', () => {
        if (this.#url === blankUrl) return
        if (this.#zoom !== 1) this.#channel?.zoom(this.#zoom)
        this.emit('dom-ready', createPreventableEvent())
      })
      .on('Page.loadEventFired', () => {
        if (this.#url !== blankUrl) this.emit('did-finish-load')
      })
      .on('Page.frameRequestedNavigation', ({ frameId, url }) => void this.#requestedNavigations.set(frameId, url))
      .on('Page.windowOpen', ({ url, windowName, windowFeatures }) =>
        this.#handleOpen({
          url,
          frameName: windowName,
          features: windowFeatures.join(),
          disposition: 'foreground-tab',
        }),
      )
      .on('Inspector.targetCrashed', () => {
        const details: Electron.RenderProcessGoneDetails = { reason: 'crashed', exitCode: 1 }
        this.emit('render-process-gone', createPreventableEvent(), details)
        app.emit('render-process-gone', createPreventableEvent(), asWebContents(this), details)
      })
  }

  #receive(report: Report): void {
    if (report.kind === 'open') this.#handleOpen(report)
    else this.#host.onReport(report)
  }

  /** Calls the handler, because apps have side effects in it. No window is ever opened. */
  #handleOpen(request: Omit<Electron.HandlerDetails, 'referrer'>): void {
    const { url, frameName, features, disposition } = request
    const referrer: Electron.Referrer = { url: this.getURL(), policy: 'strict-origin-when-cross-origin' }
    const answer = this.#openHandler?.({ url: toAppUrl(url), frameName, features, disposition, referrer })
    if (answer?.action !== 'deny')
      throw new Error(`the stand-in cannot open windows for pages: the handler must deny it (${url})`)
  }

  /** Like Electron, emits events only for navigations by the page, not by main or a debugger. */
  #mayNavigate(url: string, frameId: string): boolean {
    const request = this.#requestedNavigations.get(frameId)?.replace(/#.*/s, '')
    this.#requestedNavigations.delete(frameId)
    if (request === undefined || toAppUrl(request) !== url) return true
    const isMainFrame = frameId === this.#mainFrameId
    const frame = isMainFrame ? this.mainFrame : null
    const details: Navigation = createPreventableEvent({ url, isSameDocument: false, isMainFrame, frame })
    this.emit('will-frame-navigate', details)
    if (isMainFrame) this.emit('will-navigate', details, url)
    return !details.defaultPrevented
  }
}

export const webContents = guard<typeof Electron.webContents>('webContents', {
  fromDevToolsTargetId: (targetId: string) => asOptionalWebContents(contentsByTarget.get(targetId)),
  fromId: (id: number) => asOptionalWebContents(listContents().find((contents) => contents.id === id)),
  getAllWebContents: () => listContents().map(asWebContents),
})

const listContents = () => [...contentsByTarget.values()]
const asOptionalWebContents = (contents: Contents | undefined) => contents && asWebContents(contents)

/** Unsupported members throw (guard.ts), so the object may have the full type. */
export function asWebContents(contents: Contents): Electron.WebContents {
  return contents as unknown as Electron.WebContents
}

function loadError(code: string, url: string): Error {
  return Object.assign(new Error(`${code} loading '${url}'`), { code, url })
}
