/** The desktop's own dialogs, its file manager, and its way to the net. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { BrowserWindow, dialog, session, shell } from 'electron'
import { fail, ok, type Result } from '../../preload/contract/index.ts'

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

/** Opens a page in the user's browser: nothing but a page, whoever asks. */
export async function openPage(url: string): Promise<void> {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new Error(`not a page: ${url}`)
  await shell.openExternal(url)
}

/** The text of a file of the user's choice; nothing where they think better of it. */
export async function openText(): Promise<Result<string | undefined>> {
  const window = BrowserWindow.getAllWindows()[0]
  const options = { properties: ['openFile' as const] }
  const asked = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  const [file] = asked.filePaths
  if (asked.canceled || file === undefined) return ok(undefined)
  try {
    if ((await stat(file)).size > largestText) return fail({ code: 'file-unusable', file, detail: 'EFBIG' })
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)))
  } catch (error) {
    return fail({ code: 'file-unusable', file, detail: codeOf(error) })
  }
}

/** Writes a file of the user's choice; false where they think better of it. */
export async function saveText(name: string, text: string): Promise<Result<boolean>> {
  const window = BrowserWindow.getAllWindows()[0]
  const options = { defaultPath: name }
  const { canceled, filePath } = await (window
    ? dialog.showSaveDialog(window, options)
    : dialog.showSaveDialog(options))
  if (canceled || !filePath) return ok(false)
  try {
    await writeFile(filePath, text)
    return ok(true)
  } catch (error) {
    return fail({ code: 'file-unusable', file: filePath, detail: codeOf(error) })
  }
}

const largestText = 1_000_000
const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? String(error.code) : 'not a text in UTF-8'

/** The proxy that the desktop's settings name for an address; nothing where it is reached directly. */
export async function desktopProxy(url: string): Promise<string | undefined> {
  // As a proxy's auto-configuration answers: `PROXY host:port; DIRECT`.
  const [first = ''] = (await session.defaultSession.resolveProxy(url)).split(';')
  const [, kind, host] = /^\s*(PROXY|HTTPS) (\S+)/.exec(first) ?? []
  return host && `${kind === 'HTTPS' ? 'https' : 'http'}://${host}`
}
