/**
 * If the user closes the window while jobs are running, asks for confirmation: the app quits with its window. If another
 * question is open, the window stays until it is answered.
 */
import { dialog, type BrowserWindow } from 'electron'
import type { Job, Language } from '../../preload/contract/index.ts'
import { askInTurn, isAsking } from './one-dialog.ts'
import { quitDialogText } from './quit-dialog-text.ts'

export interface CloseOptions {
  /** Returns all jobs. The running ones end when the app quits. */
  readonly jobs: () => readonly Job[]
  readonly language: () => Language
}

export function askBeforeClosing(window: BrowserWindow, { jobs, language }: CloseOptions) {
  const running = () => jobs().filter(({ state }) => state === 'running')
  let isClosing = false
  window.on('close', (event) => {
    if (running().length === 0 && !isAsking()) return
    event.preventDefault()
    if (isClosing) return
    isClosing = true
    void askInTurn(closeIfAllowed, Infinity).finally(() => (isClosing = false))
  })

  async function closeIfAllowed() {
    // Jobs may have begun and ended while another question was open.
    if (running().length > 0 && !(await allowsClosing())) return
    // Another listener of `close` has already saved the window's bounds.
    if (!window.isDestroyed()) window.destroy()
  }

  async function allowsClosing(): Promise<boolean> {
    const { title, detail, cancel, quit } = quitDialogText(language(), running())
    // A synchronous dialog would block the event loop, and running pulls would stop.
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: title,
      detail,
      buttons: [cancel, quit],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    })
    return response === 1
  }
}
