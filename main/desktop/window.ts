/** The window: where it stood last time, locked to its own page. */
import { app, BrowserWindow, clipboard, nativeTheme, screen, session, type Rectangle } from 'electron'
import { ok, type Handlers } from '../../preload/contract/index.ts'
import type { Store, WindowPlace } from '../store/index.ts'
import { origin } from './app-files.ts'
import { askBeforeClosing, type Closing } from './closing.ts'
import { openPage } from './system.ts'

interface Needs {
  readonly place: Store['window']
  readonly preload: string
  readonly icon: string
  readonly closing: Closing
}

const zooms = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2] as const

export function openWindow({ place, preload, icon, closing }: Needs): BrowserWindow {
  const { bounds, maximized, zoom } = place.value
  const window = new BrowserWindow({
    width: 1240,
    height: 780,
    useContentSize: true,
    ...(bounds && isOnScreen(bounds) && { ...bounds, useContentSize: false }),
    minWidth: 720,
    minHeight: 480,
    title: 'Slipway',
    icon,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#14191e' : '#f4f7f9',
    webPreferences: {
      ...{ preload, sandbox: true, contextIsolation: true, nodeIntegration: false, spellcheck: false },
      // A program in a container waits for its terminal to be drawn, in a minimised window too.
      backgroundThrottling: false,
    },
  })
  window.once('ready-to-show', () => {
    if (maximized) window.maximize()
    window.show()
  })
  window.webContents.on('did-finish-load', () => window.webContents.setZoomFactor(zoom))
  window.on('close', () => place.write(placeOf(window, place.value)))
  askBeforeClosing(window, closing)
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason !== 'clean-exit') window.reload()
  })
  void window.loadURL(`${origin}/index.html`)
  return window
}

const placeOf = (window: BrowserWindow, { zoom }: WindowPlace): WindowPlace => ({
  bounds: window.getNormalBounds(),
  maximized: window.isMaximized(),
  zoom,
})

/** A screen that was unplugged must not take the window with it. */
function isOnScreen(bounds: Rectangle): boolean {
  const { workArea } = screen.getDisplayMatching(bounds)
  return (
    bounds.x < workArea.x + workArea.width &&
    bounds.x + bounds.width > workArea.x &&
    bounds.y < workArea.y + workArea.height &&
    bounds.y + bounds.height > workArea.y
  )
}

/** No page but ours, no second window, no permission. Source: Electron's security checklist, 5, 13, 14. */
export function lockWindows() {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
  session.defaultSession.setPermissionRequestHandler((_, _permission, answer) => answer(false))
  session.defaultSession.setPermissionCheckHandler(() => false)
}

const nearest = (zoom: number): number =>
  zooms.reduce<number>((best, step, at) => (Math.abs(step - zoom) < Math.abs(zooms[best]! - zoom) ? at : best), 0)

export function windowService(place: Store['window']) {
  return {
    handlers: {
      'window.zoom': (direction) => {
        const at = nearest(place.value.zoom) + { in: 1, out: -1, reset: 0 }[direction]
        const zoom = direction === 'reset' ? 1 : (zooms[at] ?? place.value.zoom)
        place.write({ ...place.value, zoom })
        for (const window of BrowserWindow.getAllWindows()) window.webContents.setZoomFactor(zoom)
        return ok(undefined)
      },
      'window.copy': (text) => {
        clipboard.writeText(text)
        return ok(undefined)
      },
      'window.openLink': async (url) => {
        await openPage(url)
        return ok(undefined)
      },
      'window.quit': () => {
        app.quit()
        return ok(undefined)
      },
    } satisfies Handlers<'window'>,
  }
}
