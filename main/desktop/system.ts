/** The desktop's own dialogs, its file manager, and its way to the net. */
import { BrowserWindow, dialog, session, shell } from 'electron'

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

/** The proxy that the desktop's settings name for an address; nothing where it is reached directly. */
export async function desktopProxy(url: string): Promise<string | undefined> {
  // As a proxy's auto-configuration answers: `PROXY host:port; DIRECT`.
  const [first = ''] = (await session.defaultSession.resolveProxy(url)).split(';')
  const [, kind, host] = /^\s*(PROXY|HTTPS) (\S+)/.exec(first) ?? []
  return host && `${kind === 'HTTPS' ? 'https' : 'http'}://${host}`
}
