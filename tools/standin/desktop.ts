/**
 * The desktop around the window: dialogs, clipboard, notifications, external programs. The user's desktop is not used.
 * Requests of the app are written to stderr. A test replies or listens by replacing a function, as with Electron:
 * `app.evaluate(({ dialog }) => { dialog.showOpenDialog = async () => ({ canceled: false, filePaths: ['/x'] }) })`.
 */
import type * as Electron from 'electron'
import { notificationEvents, type NotificationEvents } from './events.ts'
import { guard, LoudEmitter, preventable } from './guard.ts'

const say = (what: string, ...details: unknown[]) => console.error(`stand-in: ${what}`, ...details)

export const shell = guard<Electron.Shell>('shell', {
  async openExternal(url) {
    say('shell.openExternal', url)
  },
  async openPath(path) {
    say('shell.openPath', path)
    return ''
  },
  showItemInFolder: (path) => say('shell.showItemInFolder', path),
})

/** A dialog without a reply is cancelled. */
export const dialog = guard<Electron.Dialog>('dialog', {
  async showOpenDialog(...asked: readonly unknown[]) {
    say('dialog.showOpenDialog', asked.at(-1))
    return { canceled: true, filePaths: [] }
  },
  async showSaveDialog(...asked: readonly unknown[]) {
    say('dialog.showSaveDialog', asked.at(-1))
    return { canceled: true, filePath: '' }
  },
  async showMessageBox(...asked: readonly unknown[]) {
    say('dialog.showMessageBox', asked.at(-1))
    // The options come last, whether or not a window comes first.
    const { buttons = [], cancelId, checkboxChecked = false } = asked.at(-1) as Electron.MessageBoxOptions
    const cancel = buttons.findIndex((label) => /^(cancel|no)$/i.test(label))
    return { response: cancelId ?? Math.max(0, cancel), checkboxChecked }
  },
  showErrorBox: (title, content) => say(title, content),
})

let copied = ''

/** In memory, because a test must not change the system's clipboard. */
export const clipboard = guard<Electron.Clipboard>('clipboard', {
  async writeText(text) {
    copied = text
  },
  readText: async () => copied,
  clear() {
    copied = ''
  },
})

type NotificationPart = Pick<Electron.Notification, 'title' | 'body' | 'show' | 'close'>

class SilentNotification extends LoudEmitter<NotificationEvents> implements NotificationPart {
  static isSupported = (): boolean => true
  title: string
  body: string

  constructor({ title = '', body = '' }: Electron.NotificationConstructorOptions = {}) {
    super('Notification', notificationEvents)
    this.title = title
    this.body = body
  }

  show(): void {
    say('notification', { title: this.title, body: this.body })
    this.emit('show', preventable())
  }

  close(): void {
    this.emit('close', preventable({ reason: 'applicationHidden' as const }))
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
