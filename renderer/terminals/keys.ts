/** Keys that a terminal handles itself, instead of passing them to its program. */

export type TerminalKey =
  | 'close'
  | 'previous-tab'
  | 'next-tab'
  | 'find'
  | 'copy'
  /** Handled by the browser, which fires a paste event. */
  | 'paste'
  /** Moves the focus to the tabs; without it the keyboard could not leave the terminal. */
  | 'focus-tabs'
  /** Handled by another part of the app. */
  | 'app'

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>

const withShift: Readonly<Record<string, TerminalKey>> = {
  w: 'close',
  f: 'find',
  c: 'copy',
  v: 'paste',
  escape: 'focus-tabs',
  '+': 'app',
}
const withoutShift: Readonly<Record<string, TerminalKey>> = {
  pageup: 'previous-tab',
  pagedown: 'next-tab',
  '+': 'app',
  '=': 'app',
  '-': 'app',
  '0': 'app',
}

/**
 * @param alternateScreen whether a full-screen program (an editor, a pager) is running, which uses Ctrl+V itself
 * @returns undefined if the key belongs to the program in the terminal
 */
export function terminalKey(event: Key, alternateScreen: boolean): TerminalKey | undefined {
  const key = event.key.toLowerCase()
  if (event.altKey || event.metaKey) return undefined
  if (!event.ctrlKey) return event.shiftKey && key === 'insert' ? 'paste' : undefined
  if (event.shiftKey) return withShift[key]
  return key === 'v' && !alternateScreen ? 'paste' : withoutShift[key]
}

interface Scrollable {
  scrollLines(n: number): void
  scrollPages(n: number): void
  scrollToTop(): void
  scrollToBottom(): void
}

/**
 * Scrolls a read-only terminal with the navigation keys.
 * @returns whether the key was one of them
 */
export function scrollByKey(terminal: Scrollable, key: string): boolean {
  if (key === 'ArrowUp') terminal.scrollLines(-1)
  else if (key === 'ArrowDown') terminal.scrollLines(1)
  else if (key === 'PageUp') terminal.scrollPages(-1)
  else if (key === 'PageDown') terminal.scrollPages(1)
  else if (key === 'Home') terminal.scrollToTop()
  else if (key === 'End') terminal.scrollToBottom()
  else return false
  return true
}
