/** The app's Chromium process: opens and closes its windows. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Payload, Session } from './cdp.ts'
import { isHeadless, startChromium, type Chromium } from './chromium.ts'

export interface Page {
  readonly targetId: string
  readonly session: Session
  /** Resolves when the page is closed, by the app, the user or the browser. */
  readonly closed: Promise<void>
  onTitle(listener: (title: string) => void): void
}

/** The initial page of a window. about:blank would open a normal browser window with tabs. */
export const blankUrl = 'data:text/html,'

let chromium: Chromium | undefined
let resolveNextPage: ((page: Page) => void) | undefined
let openQueue: Promise<unknown> = Promise.resolve()
const titleListeners = new Map<string, (title: string) => void>()
const closeListeners = new Map<string, () => void>()
const closingPages = new Set<Promise<void>>()

function getChromium(): Chromium {
  if (!chromium) throw new Error('no browser before the app is ready')
  return chromium
}

export async function startBrowser(onExit: (output: string) => void): Promise<void> {
  chromium = startChromium(onExit)
  const { browser } = chromium.connection
  browser.on('Target.attachedToTarget', onAttached)
  browser.on('Target.detachedFromTarget', onDetached)
  browser.on('Target.targetInfoChanged', ({ targetInfo: { targetId, title, url } }) => {
    // Chromium reports the URL as the title of a page without one.
    if (title !== '' && !url.endsWith(title)) titleListeners.get(targetId)?.(title)
  })
  await browser.send('Target.setDiscoverTargets', { discover: true })
  await browser.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true })
}

/** Opens a page that is paused before its first document. `Runtime.runIfWaitingForDebugger` resumes it. */
export function openPage(): Promise<Page> {
  const page = openQueue.then(async () => {
    const attachedPage = new Promise<Page>((resolve) => (resolveNextPage = resolve))
    const singletonSocket = join(getChromium().profile, 'SingletonSocket')
    // The socket of a Chromium from a snap is not reachable: open a normal window with tabs instead.
    if (isHeadless || !existsSync(singletonSocket))
      await browser().send('Target.createTarget', { url: blankUrl, newWindow: true })
    else await requestWindow(singletonSocket)
    return await attachedPage
  })
  // Open one page at a time: a new page does not tell which request opened it.
  openQueue = page.catch(() => {})
  return page
}

export const browser = (): Session => getChromium().connection.browser

export function closePage({ targetId, closed }: Page): void {
  closingPages.add(closed)
  browser().post('Target.closeTarget', { targetId })
}

/** Waits for closing pages to run their last scripts, for at most 500 ms. */
export async function waitForClosingPages(): Promise<void> {
  const timeout = new Promise((resolve) => setTimeout(resolve, 500))
  await Promise.race([Promise.all(closingPages), timeout])
}

/**
 * Opens a window as a second Chromium with the same profile would, through the first one's socket
 * (process_singleton_posix.cc): DevTools can only open normal browser windows, not app windows.
 */
async function requestWindow(singletonSocket: string): Promise<void> {
  const socket = connect(singletonSocket)
  socket.end(['START', process.cwd(), 'chromium', '--test-type', `--app=${blankUrl}`].join('\0'))
  const [reply] = (await once(socket, 'data')) as [Buffer]
  if (String(reply) !== 'ACK') throw new Error(`Chromium did not open a window: ${String(reply)}`)
}

function onAttached({ sessionId, targetInfo }: Payload<'Target.attachedToTarget'>): void {
  const session = getChromium().connection.getSession(sessionId)
  if (targetInfo.type === 'page' && resolveNextPage) {
    const closed = new Promise<void>((resolve) => closeListeners.set(sessionId, resolve))
    const { targetId } = targetInfo
    resolveNextPage({ targetId, session, closed, onTitle: (listener) => void titleListeners.set(targetId, listener) })
    resolveNextPage = undefined
    return
  }
  // Resume workers and internal pages. Close windows that a page opened: the stand-in does not support such windows.
  session.post('Runtime.runIfWaitingForDebugger')
  const isDevTools = targetInfo.url.startsWith('devtools:')
  if (targetInfo.type === 'page' && !isDevTools) browser().post('Target.closeTarget', { targetId: targetInfo.targetId })
}

function onDetached({ sessionId }: Payload<'Target.detachedFromTarget'>): void {
  closeListeners.get(sessionId)?.()
  closeListeners.delete(sessionId)
  getChromium().connection.removeSession(sessionId)
}
