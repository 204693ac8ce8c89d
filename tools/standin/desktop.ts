/**
 * The desktop: dialogs, clipboard, notifications, external programs. The user's real desktop is never used: calls are
 * logged to stderr. A test replies to calls, or observes them, by replacing a function, as with Electron:
 * `app.evaluate(({ dialog }) => { dialog.showOpenDialog = async () => ({ canceled: false, filePaths: ['/x'] }) })`.
 */
import type * as Electron from 'electron'
import { notificationEvents, type NotificationEvents } from './events.ts'
import { guard, StrictEmitter, createPreventableEvent } from './guard.ts'

const log = (event: string, ...details: unknown[]) => console.error(`stand-in: ${event}`, ...details)

export const shell = guard<Electron.Shell>('shell', {
  async openExternal(url) {
    log('shell.openExternal', url)
  },
  async openPath(path) {
    log('shell.openPath', path)
    return ''
  },
  showItemInFolder: (path) => log('shell.showItemInFolder', path),
})

/** A dialog without a reply is cancelled. */
export const dialog = guard<Electron.Dialog>('dialog', {
  async showOpenDialog(...parameters: readonly unknown[]) {
    log('dialog.showOpenDialog', parameters.at(-1))
    return { canceled: true, filePaths: [] }
  },
  async showSaveDialog(...parameters: readonly unknown[]) {
    log('dialog.showSaveDialog', parameters.at(-1))
    return { canceled: true, filePath: '' }
  },
  async showMessageBox(...parameters: readonly unknown[]) {
    log('dialog.showMessageBox', parameters.at(-1))
    // The options come last, whether or not a window comes first.
    const { buttons = [], cancelId, checkboxChecked = false } = parameters.at(-1) as Electron.MessageBoxOptions
    const cancelIndex = buttons.findIndex((label) => /^(cancel|no)$/i.test(label))
    return { response: cancelId ?? Math.max(0, cancelIndex), checkboxChecked }
  },
  showErrorBox: (title, content) => log(title, content),
})

let clipboardText = ''

/** Kept in memory, because a test must not change the system's clipboard. */
export const clipboard = guard<Electron.Clipboard>('clipboard', {
  async writeText(text) {
    clipboardText = text
  },
  readText: async () => clipboardText,
  clear() {
    clipboardText = ''
  },
})

type NotificationPart = Pick<Electron.Notification, 'title' | 'body' | 'show' | 'close'>

class SilentNotification extends StrictEmitter<NotificationEvents> implements NotificationPart {
  static isSupported = (): boolean => true
  title: string
  body: string

  constructor({ title = '', body = '' }: Electron.NotificationConstructorOptions = {}) {
    super('Notification', notificationEvents)
    this.title = title
    this.body = body
  }

  show(): void {
    log('notification', { title: this.title, body: this.body })
    this.emit('show', createPreventableEvent())
  }

  close(): void {
    this.emit('close', createPreventableEvent({ reason: 'applicationHidden' as const }))
  }
}

export const Notification = guard<typeof SilentNotification>('Notification', SilentNotification)

class NoMenu {
  static getApplicationMenu = (): null => null

  static setApplicationMenu(menu: Electron.Menu | null): void {
    if (menu) throw new Error('the stand-in shows no menu')
  }
}

export const Menu = guard<typeof NoMenu>('Menu', NoMenu)
