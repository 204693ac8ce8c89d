/** The few keys that a terminal does not hand to the program in it. */

export type TerminalKey =
  | 'close'
  | 'before'
  | 'after'
  | 'find'
  | 'copy'
  /** The browser pastes by itself. */
  | 'paste'
  /** Out of the terminal, to its tabs: otherwise nobody would leave it by keyboard. */
  | 'leave'
  /** Another part of the app takes it. */
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

/** `wholeScreen`: a program fills the screen (an editor, a pager), to which Ctrl+V means something of its own. */
export function terminalKey(event: Key, wholeScreen: boolean): TerminalKey | undefined {
  const key = event.key.toLowerCase()
  if (event.altKey || event.metaKey) return undefined
  if (!event.ctrlKey) return event.shiftKey && key === 'insert' ? 'paste' : undefined
  if (event.shiftKey) return shifted[key]
  return key === 'v' && !wholeScreen ? 'paste' : plain[key]
}

interface Scrolled {
  scrollLines(n: number): void
  scrollPages(n: number): void
  scrollToTop(): void
  scrollToBottom(): void
}

/** Where nobody hears what is typed, the keys that go through a text do so. Whether this was one of them. */
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
