/** The app's window: restores its bounds and zoom, and cannot navigate away from the app's page. */
import { app, BrowserWindow, clipboard, nativeTheme, screen, session, type Rectangle } from 'electron'
import { ok, type Handlers } from '../../preload/contract/index.ts'
import type { Store, WindowState } from '../store/index.ts'
import { origin } from './app-files.ts'
import { askBeforeClosing, type CloseOptions } from './confirm-close.ts'
import { openPage } from './system.ts'

interface Needs {
  readonly place: Store['window']
  readonly preload: string
  readonly icon: string
  readonly closing: CloseOptions
}

const zoomLevels = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2] as const

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
      // If output is not drawn, the program in the container has to wait. So a minimized window must draw, too.
      backgroundThrottling: false,
    },
  })
  window.once('ready-to-show', () => {
    if (maximized) window.maximize()
    window.show()
  })
  window.webContents.on('did-finish-load', () => window.webContents.setZoomFactor(zoom))
  window.on('close', () => place.write(windowPlace(window, place.value)))
  askBeforeClosing(window, closing)
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason !== 'clean-exit') window.reload()
  })
  void window.loadURL(`${origin}/index.html`)
  return window
}

const windowPlace = (window: BrowserWindow, { zoom }: WindowState): WindowState => ({
  bounds: window.getNormalBounds(),
  maximized: window.isMaximized(),
  zoom,
})

/** Whether the bounds are on a screen. The screen where the window was last may have been unplugged. */
function isOnScreen(bounds: Rectangle): boolean {
  const { workArea } = screen.getDisplayMatching(bounds)
  return (
    bounds.x < workArea.x + workArea.width &&
    bounds.x + bounds.width > workArea.x &&
    bounds.y < workArea.y + workArea.height &&
    bounds.y + bounds.height > workArea.y
  )
}

/** Denies navigation, new windows and permissions. Source: Electron's security checklist, items 5, 13 and 14. */
export function lockWindows() {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
  session.defaultSession.setPermissionRequestHandler((_, _permission, callback) => callback(false))
  session.defaultSession.setPermissionCheckHandler(() => false)
}

/** @returns the index of the zoom level that is nearest to a zoom factor */
const nearestZoomIndex = (zoom: number): number =>
  zoomLevels.reduce<number>(
    (nearest, level, at) => (Math.abs(level - zoom) < Math.abs(zoomLevels[nearest]! - zoom) ? at : nearest),
    0,
  )

export function windowService(place: Store['window']) {
  return {
    handlers: {
      'window.zoom': (direction) => {
        const at = nearestZoomIndex(place.value.zoom) + { in: 1, out: -1, reset: 0 }[direction]
        const zoom = direction === 'reset' ? 1 : (zoomLevels[at] ?? place.value.zoom)
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
