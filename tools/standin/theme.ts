/** Light or dark, as the app wants it. */
import type * as Electron from 'electron'
import type { Session } from './cdp.ts'
import { LoudEmitter } from './loud.ts'

type Source = Electron.NativeTheme['themeSource']

const pages = new Set<Session>()

class Theme
  extends LoudEmitter<{ updated: [] }>
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
    for (const page of pages) show(page, source)
    this.emit('updated')
  }

  /** What the system prefers is known to the pages alone; main takes it for light. */
  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark'
  }
}

export const nativeTheme = new Theme()

/** Under Playwright its `colorScheme` is a second voice, and the last one to speak wins: launch with null to hear the app's. */
export function themePage(page: Session, gone: Promise<void>): void {
  pages.add(page)
  void gone.then(() => pages.delete(page))
  if (nativeTheme.themeSource !== 'system') show(page, nativeTheme.themeSource)
}

function show(page: Session, source: Source): void {
  const value = source === 'system' ? '' : source
  page.tell('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] })
}
