/** The app's window: restores its bounds and zoom, and cannot navigate away from the app's page. */
import { app, BrowserWindow, clipboard, nativeTheme, screen, session, type Rectangle } from 'electron'
import { withoutHidden } from '../../model/text/plain.ts'
import { ok, type Handlers, type Result } from '../../preload/contract/index.ts'
import type { Store, WindowState } from '../store/index.ts'
import { origin } from './app-files.ts'
import { askBeforeClosing, type CloseOptions } from './confirm-close.ts'

interface Needs {
  readonly state: Store['window']
  readonly preload: string
  readonly icon: string
  readonly closeOptions: CloseOptions
}

const zoomLevels = [0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2] as const

export function openWindow({ state, preload, icon, closeOptions }: Needs): BrowserWindow {
  const { bounds, maximized, zoom } = state.value
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
      // A program in a container waits until its output in the terminal is drawn, so a minimized window must draw, too.
      backgroundThrottling: false,
    },
  })
  window.once('ready-to-show', () => {
    if (maximized) window.maximize()
    window.show()
  })
  window.webContents.on('did-finish-load', () => window.webContents.setZoomFactor(zoom))
  window.on('close', () => state.write(currentState(window, state.value)))
  askBeforeClosing(window, closeOptions)
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason !== 'clean-exit') window.reload()
  })
  void window.loadURL(`${origin}/index.html`)
  return window
}

const currentState = (window: BrowserWindow, { zoom }: WindowState): WindowState => ({
  bounds: window.getNormalBounds(),
  maximized: window.isMaximized(),
  zoom,
})

/** Whether a part of the bounds is on a screen. The screen where the window was last may have been unplugged. */
function isOnScreen(bounds: Rectangle): boolean {
  const { workArea } = screen.getDisplayMatching(bounds)
  return (
    bounds.x < workArea.x + workArea.width &&
    bounds.x + bounds.width > workArea.x &&
    bounds.y < workArea.y + workArea.height &&
    bounds.y + bounds.height > workArea.y
  )
}

/**
 * Denies navigation, webviews, new windows and permissions.
 * Source: Electron's security checklist, items 5 and 12 to 14.
 */
export function denyNavigationAndPermissions() {
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
    (nearest, level, index) => (Math.abs(level - zoom) < Math.abs(zoomLevels[nearest]! - zoom) ? index : nearest),
    0,
  )

/** @param openLink asks the user before it opens a page */
export function windowService(state: Store['window'], openLink: (address: string) => Promise<Result<void>>) {
  return {
    handlers: {
      'window.zoom': (direction) => {
        const index = nearestZoomIndex(state.value.zoom) + { in: 1, out: -1, reset: 0 }[direction]
        const zoom = direction === 'reset' ? 1 : (zoomLevels[index] ?? state.value.zoom)
        state.write({ ...state.value, zoom })
        for (const window of BrowserWindow.getAllWindows()) window.webContents.setZoomFactor(zoom)
        return ok(undefined)
      },
      'window.copy': (text) => {
        clipboard.writeText(withoutHidden(text))
        return ok(undefined)
      },
      'window.openLink': openLink,
      'window.quit': () => {
        app.quit()
        return ok(undefined)
      },
    } satisfies Handlers<'window'>,
  }
}
