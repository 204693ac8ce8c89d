/** xterm and its addons, loaded in one chunk when the first terminal opens. */
import './xterm.css'
import './xterm-style.ts'
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal, type ITheme } from '@xterm/xterm'

export interface XtermOptions {
  readonly columns: number
  readonly rows: number
  readonly font: string
  readonly fontSize: number
  readonly theme: ITheme
  /** Minimum contrast ratio between text and background. */
  readonly contrast: number
  /** Maximum number of matches that are highlighted. */
  readonly maxMatches: number
  /** Accessible name of the input field. */
  readonly label: string
  readonly readOnly: boolean
  readonly onLink: (address: string) => void
}

/**
 * Creates an xterm with its addons. A program in the terminal cannot query the title or the window, because xterm
 * disables this by default, nor set the title (OSC 0 and 2), because nothing listens, nor use the clipboard (OSC 52),
 * because this needs an addon.
 */
export function createXterm({
  columns,
  rows,
  font,
  fontSize,
  theme,
  contrast,
  maxMatches,
  label,
  readOnly,
  onLink,
}: XtermOptions) {
  Terminal.strings.promptLabel = label
  const xterm = new Terminal({
    ...{ cols: columns, rows, theme },
    // The graphemes addon and the search decorations need the proposed API.
    allowProposedApi: true,
    fontFamily: font,
    fontSize,
    lineHeight: 1.15,
    scrollback: 5000,
    minimumContrastRatio: contrast,
    disableStdin: readOnly,
    cursorInactiveStyle: readOnly ? 'none' : 'outline',
    linkHandler: { activate: (_, address) => onLink(address) },
  })
  const [fit, search] = [new FitAddon(), new SearchAddon({ highlightLimit: maxMatches })]
  const otherAddons = [new UnicodeGraphemesAddon(), new WebLinksAddon((_, address) => onLink(address))]
  for (const addon of [fit, search, ...otherAddons]) xterm.loadAddon(addon)
  return { xterm, fit, search }
}
