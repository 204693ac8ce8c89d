/** Closing the window ends the app, and with it what is under way: so the user is asked first. */
import { dialog, type BrowserWindow } from 'electron'
import type { Job, Language } from '../../preload/contract/index.ts'
import { quitWords } from './words.ts'

export interface Closing {
  /** Those that run end with the app. */
  readonly jobs: () => readonly Job[]
  readonly language: () => Language
}

export function askBeforeClosing(window: BrowserWindow, { jobs, language }: Closing) {
  const running = () => jobs().filter(({ state }) => state === 'running')
  let asking = false
  window.on('close', (event) => {
    if (running().length === 0) return
    event.preventDefault()
    if (asking) return
    asking = true
    // Not the blocking dialog: while it stood open, nobody would read what the engine says, and the pull would stand too.
    void ask().finally(() => (asking = false))
  })

  async function ask() {
    const { title, detail, stay, go } = quitWords(language(), running())
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: title,
      detail,
      buttons: [stay, go],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    })
    // Its place has been written down already, when it was to be closed.
    if (response === 1 && !window.isDestroyed()) window.destroy()
  }
}
