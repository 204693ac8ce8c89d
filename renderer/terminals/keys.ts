/** Key combinations that the terminal does not pass to the program in it. */

export type TerminalKey =
  | 'close'
  | 'before'
  | 'after'
  | 'find'
  | 'copy'
  /** Left to the browser, which fires a paste event. */
  | 'paste'
  /** Moves the focus to the tabs; without it the keyboard could not leave the terminal. */
  | 'leave'
  /** Handled by another part of the app. */
  | 'app'

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>

const shifted: Readonly<Record<string, TerminalKey>> = {
  w: 'close',
  f: 'find',
  c: 'copy',
  v: 'paste',
  escape: 'leave',
  '+': 'app',
}
const plain: Readonly<Record<string, TerminalKey>> = {
  pageup: 'before',
  pagedown: 'after',
  '+': 'app',
  '=': 'app',
  '-': 'app',
  '0': 'app',
}

/** `alternateScreen`: a full-screen program (an editor, a pager) is running, which uses Ctrl+V itself. */
export function terminalKey(event: Key, alternateScreen: boolean): TerminalKey | undefined {
  const key = event.key.toLowerCase()
  if (event.altKey || event.metaKey) return undefined
  if (!event.ctrlKey) return event.shiftKey && key === 'insert' ? 'paste' : undefined
  if (event.shiftKey) return shifted[key]
  return key === 'v' && !alternateScreen ? 'paste' : plain[key]
}

interface Scrolled {
  scrollLines(n: number): void
  scrollPages(n: number): void
  scrollToTop(): void
  scrollToBottom(): void
}

/**
 * Scrolls a read-only terminal with the navigation keys.
 * @returns whether the key was one of them
 */
export function scrolls(text: Scrolled, key: string): boolean {
  if (key === 'ArrowUp') text.scrollLines(-1)
  else if (key === 'ArrowDown') text.scrollLines(1)
  else if (key === 'PageUp') text.scrollPages(-1)
  else if (key === 'PageDown') text.scrollPages(1)
  else if (key === 'Home') text.scrollToTop()
  else if (key === 'End') text.scrollToBottom()
  else return false
  return true
}
