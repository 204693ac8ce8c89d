/** All of xterm: loaded in one piece when the first terminal is there, and not before. */
import './xterm.css'
import './xterm-style.ts'
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal, type ITheme } from '@xterm/xterm'

export interface Make {
  readonly columns: number
  readonly rows: number
  readonly font: string
  readonly fontSize: number
  readonly theme: ITheme
  /** Of text with its ground, at least. */
  readonly contrast: number
  /** So much that was found is marked at most. */
  readonly mostFound: number
  /** What the field is called that takes what is typed. */
  readonly label: string
  readonly readOnly: boolean
  readonly link: (address: string) => void
}

/** Reports of titles and moved windows are off by xterm's own default; OSC 52, the clipboard, needs an addon. */
export function makeXterm({ columns, rows, font, fontSize, theme, contrast, mostFound, label, readOnly, link }: Make) {
  Terminal.strings.promptLabel = label
  const xterm = new Terminal({
    ...{ cols: columns, rows, theme },
    // What knows the width of an emoji, and what marks the found, ask for it.
    allowProposedApi: true,
    fontFamily: font,
    fontSize,
    lineHeight: 1.15,
    scrollback: 5000,
    minimumContrastRatio: contrast,
    disableStdin: readOnly,
    cursorInactiveStyle: readOnly ? 'none' : 'outline',
    linkHandler: { activate: (_, address) => link(address) },
  })
  const [fit, search] = [new FitAddon(), new SearchAddon({ highlightLimit: mostFound })]
  const others = [new UnicodeGraphemesAddon(), new WebLinksAddon((_, address) => link(address))]
  for (const addon of [fit, search, ...others]) xterm.loadAddon(addon)
  return { xterm, fit, search }
}
