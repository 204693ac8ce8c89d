/**
 * The terminal's colours. Each text colour has a contrast of at least 4.5:1 on `background`, except black in the dark
 * theme and the whites in the light theme. For these and for all other combinations of colours, xterm ensures that
 * contrast (`minimumContrastRatio`).
 */
import type { ITheme } from '@xterm/xterm'

export const minContrast = 4.5

const dark = {
  background: '#0b141a',
  foreground: '#dde5ea',
  cursor: '#dde5ea',
  cursorAccent: '#0b141a',
  selectionBackground: '#24506d',
  black: '#22303a',
  red: '#f2777a',
  green: '#5fd08b',
  yellow: '#e0b75f',
  blue: '#62b3f2',
  magenta: '#d38fe6',
  cyan: '#50c7d6',
  white: '#c9d3da',
  brightBlack: '#8794a0',
  brightRed: '#ff9d9b',
  brightGreen: '#8be6ad',
  brightYellow: '#f3d387',
  brightBlue: '#92cdff',
  brightMagenta: '#e6b3f4',
  brightCyan: '#88e1ec',
  brightWhite: '#ffffff',
} as const satisfies ITheme

const light = {
  background: '#ffffff',
  foreground: '#1d2a35',
  cursor: '#1d2a35',
  cursorAccent: '#ffffff',
  selectionBackground: '#c6e2f4',
  black: '#1d2a35',
  red: '#bd2630',
  green: '#187a43',
  yellow: '#856000',
  blue: '#0d66b5',
  magenta: '#942fad',
  cyan: '#0b7080',
  white: '#d3dbe1',
  brightBlack: '#5d6b77',
  brightRed: '#c93a3f',
  brightGreen: '#1f7f4c',
  brightYellow: '#8a6508',
  brightBlue: '#2270bd',
  brightMagenta: '#a03fb9',
  brightCyan: '#17788a',
  brightWhite: '#f3f6f8',
} as const satisfies ITheme

export const themes = { light, dark }

/** Highlight colours of matches; `active` is for the active match. */
export const matchColours = {
  dark: { match: '#4a4113', active: '#8a6f10' },
  light: { match: '#fbeebb', active: '#f6cf55' },
} as const
