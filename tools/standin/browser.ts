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

/** Initial page of a window. about:blank would open a normal browser window with tabs. */
export const blank = 'data:text/html,'

let chromium: Chromium | undefined
let awaited: ((page: Page) => void) | undefined
let opening: Promise<unknown> = Promise.resolve()
const titleListeners = new Map<string, (title: string) => void>()
const leaving = new Map<string, () => void>()
const closing = new Set<Promise<void>>()

function running(): Chromium {
  if (!chromium) throw new Error('no browser before the app is ready')
  return chromium
}

export async function startBrowser(lost: (words: string) => void): Promise<void> {
  chromium = startChromium(lost)
  const { browser } = chromium.connection
  browser.on('Target.attachedToTarget', attached)
  browser.on('Target.detachedFromTarget', detached)
  browser.on('Target.targetInfoChanged', ({ targetInfo: { targetId, title, url } }) => {
    // The title of a page without a title is its address.
    if (title !== '' && !url.endsWith(title)) titleListeners.get(targetId)?.(title)
  })
  await browser.send('Target.setDiscoverTargets', { discover: true })
  await browser.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true })
}

/** Opens a page paused before its first document, to be prepared; `Runtime.runIfWaitingForDebugger` resumes it. */
export function openPage(): Promise<Page> {
  const page = opening.then(async () => {
    const attached = new Promise<Page>((resolve) => (awaited = resolve))
    const singletonSocket = join(running().profile, 'SingletonSocket')
    // The socket of a Chromium from a snap is not reachable, so a window with tabs must do.
    if (isHeadless || !existsSync(singletonSocket))
      await browser().send('Target.createTarget', { url: blank, newWindow: true })
    else await askForWindow(singletonSocket)
    return await attached
  })
  // One at a time: a new page does not identify the request that opened it.
  opening = page.catch(() => {})
  return page
}

export const browser = (): Session => running().connection.browser

export function closePage({ targetId, closed }: Page): void {
  closing.add(closed)
  browser().post('Target.closeTarget', { targetId })
}

/** Waits for closing pages to run their last scripts, for at most 500 ms. */
export async function pagesClosed(): Promise<void> {
  const timeout = new Promise((resolve) => setTimeout(resolve, 500))
  await Promise.race([Promise.all(closing), timeout])
}

/**
 * Opens a window as a second Chromium with the same profile would, through the first one's socket
 * (process_singleton_posix.cc): DevTools can only open normal browser windows, not app windows.
 */
async function askForWindow(singletonSocket: string): Promise<void> {
  const socket = connect(singletonSocket)
  socket.end(['START', process.cwd(), 'chromium', '--test-type', `--app=${blank}`].join('\0'))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (String(answer) !== 'ACK') throw new Error(`Chromium did not open a window: ${String(answer)}`)
}

function attached({ sessionId, targetInfo }: Payload<'Target.attachedToTarget'>): void {
  const session = running().connection.session(sessionId)
  if (targetInfo.type === 'page' && awaited) {
    const closed = new Promise<void>((resolve) => leaving.set(sessionId, resolve))
    const { targetId } = targetInfo
    awaited({ targetId, session, closed, onTitle: (listener) => void titleListeners.set(targetId, listener) })
    awaited = undefined
    return
  }
  // Ignore workers and the browser's internal pages, and close second windows, which no handler here may allow.
  session.post('Runtime.runIfWaitingForDebugger')
  const isTools = targetInfo.url.startsWith('devtools:')
  if (targetInfo.type === 'page' && !isTools) browser().post('Target.closeTarget', { targetId: targetInfo.targetId })
}

function detached({ sessionId }: Payload<'Target.detachedFromTarget'>): void {
  leaving.get(sessionId)?.()
  leaving.delete(sessionId)
  running().connection.forget(sessionId)
}
