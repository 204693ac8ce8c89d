/** The light or dark theme, as set by the app. */
import type * as Electron from 'electron'
import type { Session } from './cdp.ts'
import { StrictEmitter } from './guard.ts'

type Source = Electron.NativeTheme['themeSource']

const pages = new Set<Session>()

class Theme
  extends StrictEmitter<{ updated: [] }>
  implements Pick<Electron.NativeTheme, 'themeSource' | 'shouldUseDarkColors'>
{
  #source: Source = 'system'

  constructor() {
    super('nativeTheme', ['updated'])
  }

  get themeSource(): Source {
    return this.#source
  }

  set themeSource(source: Source) {
    if (this.#source === source) return
    this.#source = source
    for (const page of pages) emulateColorScheme(page, source)
    this.emit('updated')
  }

  /** Only pages know the system's preference; main assumes light. */
  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark'
  }
}

export const nativeTheme = new Theme()

/**
 * Keeps a page in the app's theme until it is closed. Playwright's `colorScheme` also sets the theme, and the last
 * setting wins: launch with null to use the app's.
 */
export function applyTheme(page: Session, closed: Promise<void>): void {
  pages.add(page)
  void closed.then(() => pages.delete(page))
  if (nativeTheme.themeSource !== 'system') emulateColorScheme(page, nativeTheme.themeSource)
}

function emulateColorScheme(page: Session, source: Source): void {
  const value = source === 'system' ? '' : source
  page.post('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] })
}

/** Parses `#rrggbb`. Anything else is white. */
export function parseColor(hex: string): { r: number; g: number; b: number } {
  const value = Number.parseInt(/^#([0-9a-f]{6})$/i.exec(hex)?.[1] ?? 'ffffff', 16)
  return { r: value >> 16, g: (value >> 8) & 0xff, b: value & 0xff }
}
