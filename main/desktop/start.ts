/** Starts and quits the Electron app. The app has a single instance with one window, and quits with the window. */
import { app, BrowserWindow, Menu, nativeTheme, protocol } from 'electron'
import type { Settings } from '../../preload/contract/index.ts'
import { appFiles } from './app-files.ts'
import { denyNavigationAndPermissions } from './window.ts'

export interface Desktop {
  /** The folder for the app's data. */
  readonly folder: string
  readonly languages: readonly string[]
  applyTheme(theme: Settings['theme']): void
}

interface StartOptions {
  readonly name: string
  /** The folder of the built renderer. */
  readonly renderer: string
  /**
   * Builds the app and opens its window.
   * @returns a function that ends the app. Quitting waits for the promise that this function returns.
   */
  readonly open: (desktop: Desktop) => () => Promise<unknown> | undefined
}

/** Calls `open` once Electron is ready. A second instance quits and focuses the window of the first one. */
export function start({ name, renderer, open }: StartOptions) {
  let end: ReturnType<StartOptions['open']> | undefined
  app.setName(name)
  app.enableSandbox()
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }])
  if (!app.requestSingleInstanceLock()) return app.quit()

  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows()
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  app.on('will-quit', (event) => {
    const pending = end?.()
    if (!pending) return
    event.preventDefault()
    void pending.finally(() => app.exit())
  })
  void app.whenReady().then(() => {
    Menu.setApplicationMenu(null)
    denyNavigationAndPermissions()
    protocol.handle('app', appFiles(renderer))
    end = open({
      folder: app.getPath('userData'),
      languages: app.getPreferredSystemLanguages(),
      applyTheme: (theme) => {
        nativeTheme.themeSource = theme
      },
    })
  })
}
