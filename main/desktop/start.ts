/** The app's beginning and end as Electron counts them: one instance, one window, its own files, quit with it. */
import { app, BrowserWindow, Menu, nativeTheme, protocol } from 'electron'
import type { Settings } from '../../preload/contract/index.ts'
import { appFiles } from './app-files.ts'
import { lockWindows } from './window.ts'

export interface Desktop {
  /** Where the app may keep what outlives it. */
  readonly folder: string
  readonly languages: readonly string[]
  showTheme(theme: Settings['theme']): void
}

interface Begin {
  readonly name: string
  /** The folder of the built renderer. */
  readonly renderer: string
  /** Returns what ends the app's work: what is to be waited for before it is gone; nothing where it need not wait. */
  readonly open: (desktop: Desktop) => () => Promise<unknown> | undefined
}

/** Calls `open` once the desktop is ready; a second start only brings the first one's window forward. */
export function start({ name, renderer, open }: Begin) {
  let end: ReturnType<Begin['open']> | undefined
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
    const rest = end?.()
    if (!rest) return
    event.preventDefault()
    void rest.finally(() => app.exit())
  })
  void app.whenReady().then(() => {
    Menu.setApplicationMenu(null)
    lockWindows()
    protocol.handle('app', appFiles(renderer))
    end = open({
      folder: app.getPath('userData'),
      languages: app.getPreferredSystemLanguages(),
      showTheme: (theme) => {
        nativeTheme.themeSource = theme
      },
    })
  })
}
