/** The desktop's own dialogs, and its file manager. */
import { BrowserWindow, dialog, shell } from 'electron'

/** Nothing where the user thinks better of it. */
export async function chooseFolder(now: string): Promise<string | undefined> {
  const window = BrowserWindow.getAllWindows()[0]
  const options = { defaultPath: now, properties: ['openDirectory' as const, 'createDirectory' as const] }
  const { canceled, filePaths } = await (window
    ? dialog.showOpenDialog(window, options)
    : dialog.showOpenDialog(options))
  return canceled ? undefined : filePaths[0]
}

export async function showFolder(folder: string): Promise<void> {
  await shell.openPath(folder)
}
