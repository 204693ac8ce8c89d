/** The one Chromium behind the app: its windows, opened and closed. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Payload, Session } from './cdp.ts'
import { isHeadless, startChromium, type Chromium } from './chromium.ts'

export interface Page {
  readonly targetId: string
  readonly session: Session
  /** Settled when the page is gone, by whomever it was closed. */
  readonly gone: Promise<void>
  onTitle(listener: (title: string) => void): void
}

/** What a window shows before its app loads something. About:blank would open a browser window, tabs and all. */
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
    // A page without a title goes by its address.
    if (title !== '' && !url.endsWith(title)) titleListeners.get(targetId)?.(title)
  })
  await browser.send('Target.setDiscoverTargets', { discover: true })
  await browser.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true })
}

/** Paused before its first document, so that it can be prepared; `Runtime.runIfWaitingForDebugger` lets it go. */
export function openPage(): Promise<Page> {
  const page = opening.then(async () => {
    const attached = new Promise<Page>((resolve) => (awaited = resolve))
    const doorbell = join(running().profile, 'SingletonSocket')
    // A Chromium from a snap keeps its socket where nobody else sees it: then a window with tabs must do.
    if (isHeadless || !existsSync(doorbell))
      await browser().send('Target.createTarget', { url: blank, newWindow: true })
    else await askForWindow(doorbell)
    return await attached
  })
  // One at a time: a page that appears does not say who asked for it.
  opening = page.catch(() => {})
  return page
}

export const browser = (): Session => running().connection.browser

export function closePage({ targetId, gone }: Page): void {
  closing.add(gone)
  browser().tell('Target.closeTarget', { targetId })
}

/** Pages that are being closed get the time to run their last scripts, but not much of it. */
export async function pagesClosed(): Promise<void> {
  const enough = new Promise((resolve) => setTimeout(resolve, 500))
  await Promise.race([Promise.all(closing), enough])
}

/**
 * Asks as a second Chromium with the same profile would, through the first one's socket (process_singleton_posix.cc):
 * the protocol itself can open browser windows only, not an app's bare one.
 */
async function askForWindow(doorbell: string): Promise<void> {
  const socket = connect(doorbell)
  socket.end(['START', process.cwd(), 'chromium', '--test-type', `--app=${blank}`].join('\0'))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (String(answer) !== 'ACK') throw new Error(`Chromium opens no window: ${String(answer)}`)
}

function attached({ sessionId, targetInfo }: Payload<'Target.attachedToTarget'>): void {
  const session = running().connection.session(sessionId)
  if (targetInfo.type === 'page' && awaited) {
    const gone = new Promise<void>((resolve) => leaving.set(sessionId, resolve))
    const { targetId } = targetInfo
    awaited({ targetId, session, gone, onTitle: (listener) => void titleListeners.set(targetId, listener) })
    awaited = undefined
    return
  }
  // Neither workers nor the browser's own pages are ours; nor is a second window, which no handler here may allow.
  session.tell('Runtime.runIfWaitingForDebugger')
  const isTools = targetInfo.url.startsWith('devtools:')
  if (targetInfo.type === 'page' && !isTools) browser().tell('Target.closeTarget', { targetId: targetInfo.targetId })
}

function detached({ sessionId }: Payload<'Target.detachedFromTarget'>): void {
  leaving.get(sessionId)?.()
  leaving.delete(sessionId)
  running().connection.forget(sessionId)
}
