/** The desktop's file dialogs, file manager, browser and proxy settings. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { BrowserWindow, dialog, session, shell } from 'electron'
import { proxyOfPacResult, type Proxy } from '../../model/registry/proxy.ts'
import { fail, ok, type Result } from '../../preload/contract/index.ts'
import { showOneDialog } from './one-dialog.ts'

/** @param title what the folder is for. @returns the chosen folder; undefined if the user cancels */
export async function chooseFolder(current: string, title = ''): Promise<string | undefined> {
  const window = BrowserWindow.getAllWindows()[0]
  const options = { title, defaultPath: current, properties: ['openDirectory' as const, 'createDirectory' as const] }
  const { canceled, filePaths } = await showOneDialog(
    () => (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options)),
    { canceled: true, filePaths: [] },
  )
  return canceled ? undefined : filePaths[0]
}

/** Opens a file or folder in the default program of the desktop. */
export async function openPath(path: string): Promise<void> {
  await shell.openPath(path)
}

/**
 * Opens a page in the user's browser without a question: only for addresses that main has built, or has asked about. Throws
 * if the protocol is not http or https.
 */
export async function openPage(url: string): Promise<void> {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new Error(`not an http(s) URL: ${url}`)
  await shell.openExternal(url)
}

/**
 * Lets the user choose a text file. Fails with `file-unusable` if the file is larger than 1 MB, unreadable or not
 * UTF-8.
 * @returns the text; undefined if the user cancels
 */
export async function chooseAndReadText(): Promise<Result<string | undefined>> {
  const window = BrowserWindow.getAllWindows()[0]
  const options = { properties: ['openFile' as const] }
  const { canceled, filePaths } = await showOneDialog(
    () => (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options)),
    { canceled: true, filePaths: [] },
  )
  const [file] = filePaths
  if (canceled || file === undefined) return ok(undefined)
  try {
    if ((await stat(file)).size > maxTextBytes) return fail({ code: 'file-unusable', file, detail: 'EFBIG' })
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)))
  } catch (error) {
    return fail({ code: 'file-unusable', file, detail: errorDetail(error) })
  }
}

/** Lets the user choose a file, and writes the text to it. @returns false if the user cancels */
export async function chooseAndWriteText(name: string, text: string): Promise<Result<boolean>> {
  const window = BrowserWindow.getAllWindows()[0]
  const options = { defaultPath: name }
  const { canceled, filePath } = await showOneDialog(
    () => (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options)),
    { canceled: true, filePath: '' },
  )
  if (canceled || !filePath) return ok(false)
  try {
    await writeFile(filePath, text)
    return ok(true)
  } catch (error) {
    return fail({ code: 'file-unusable', file: filePath, detail: errorDetail(error) })
  }
}

const maxTextBytes = 1_000_000
const errorDetail = (error: unknown) =>
  error instanceof Error && 'code' in error ? String(error.code) : 'not a text in UTF-8'

/** @returns the desktop's proxy for a URL; undefined for a direct connection */
export async function desktopProxy(url: string): Promise<Proxy | undefined> {
  return proxyOfPacResult(await session.defaultSession.resolveProxy(url))
}
