/** If the user closes the window while jobs are running, asks for confirmation: the app quits with its window. */
import { dialog, type BrowserWindow } from 'electron'
import type { Job, Language } from '../../preload/contract/index.ts'
import { quitDialogText } from './quit-dialog-text.ts'

export interface CloseOptions {
  /** Returns all jobs. The running ones end when the app quits. */
  readonly jobs: () => readonly Job[]
  readonly language: () => Language
}

export function askBeforeClosing(window: BrowserWindow, { jobs, language }: CloseOptions) {
  const running = () => jobs().filter(({ state }) => state === 'running')
  let isAsking = false
  window.on('close', (event) => {
    if (running().length === 0) return
    event.preventDefault()
    if (isAsking) return
    isAsking = true
    // A synchronous dialog would block the event loop, and running pulls would stop.
    void confirmClose().finally(() => (isAsking = false))
  })

  async function confirmClose() {
    const { title, detail, cancel, quit } = quitDialogText(language(), running())
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: title,
      detail,
      buttons: [cancel, quit],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    })
    // Another listener of `close` has already saved the window's bounds.
    if (response === 1 && !window.isDestroyed()) window.destroy()
  }
}
