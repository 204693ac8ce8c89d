/** The window options that the stand-in supports. Others are rejected rather than silently ignored. */
import type * as Electron from 'electron'

type WindowOption = keyof Electron.BrowserWindowConstructorOptions
type PageOption = keyof Electron.WebPreferences

const boundsOptions: WindowOption[] = ['width', 'height', 'x', 'y', 'minWidth', 'minHeight', 'useContentSize']
const appliedOptions: WindowOption[] = ['show', 'title', 'backgroundColor', 'webPreferences']
/** Without effect: there is no menu bar, and the icon of an app window is its page's. */
const ignoredOptions: WindowOption[] = ['icon', 'autoHideMenuBar']
const windowOptions = new Set<string>([...boundsOptions, ...appliedOptions, ...ignoredOptions])

const checkedPageOptions: PageOption[] = [
  'preload',
  'sandbox',
  'contextIsolation',
  'nodeIntegration',
  'webSecurity',
  'webviewTag',
]
/** Without effect. Hidden pages are never throttled: Chromium is started with switches against it. */
const ignoredPageOptions: PageOption[] = ['spellcheck', 'devTools', 'backgroundThrottling']
const pageOptions = new Set<string>([...checkedPageOptions, ...ignoredPageOptions])

export function rejectUnsupported(options: Electron.BrowserWindowConstructorOptions): void {
  const { webPreferences = {} } = options
  const unsupported = [
    ...Object.keys(options).filter((name) => !windowOptions.has(name)),
    ...Object.keys(webPreferences).filter((name) => !pageOptions.has(name)),
  ]
  if (unsupported.length > 0) throw new Error(`the stand-in's BrowserWindow does not support ${unsupported.join(', ')}`)
  const { sandbox = true, contextIsolation = true, nodeIntegration = false } = webPreferences
  const { webSecurity = true, webviewTag = false } = webPreferences
  if (!sandbox || !contextIsolation || nodeIntegration || !webSecurity || webviewTag) {
    throw new Error('the stand-in has only sandboxed, isolated pages without Node')
  }
}
