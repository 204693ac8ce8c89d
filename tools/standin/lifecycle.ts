/** How the app ends: which windows are open, who may object, and in which order Electron says so. */
import { pagesClosed } from './browser.ts'
import { preventable } from './loud.ts'

export interface Closable {
  /** Calls `closed` on the lifecycle, or `stays` where a listener objects. */
  close(): void
  destroy(): void
}

/** Tells the app's listeners; false when there are none. */
interface Voice {
  emit(event: 'before-quit' | 'will-quit', details: ReturnType<typeof preventable>): boolean
  emit(event: 'quit', details: ReturnType<typeof preventable>, exitCode: number): boolean
  emit(event: 'window-all-closed'): boolean
}

export class Lifecycle {
  readonly #windows = new Set<Closable>()
  readonly #voice: Voice
  #state: 'running' | 'quitting' | 'leaving' = 'running'

  constructor(voice: Voice) {
    this.#voice = voice
  }

  opened(window: Closable): void {
    this.#windows.add(window)
  }

  closed(window: Closable): void {
    this.#windows.delete(window)
    if (this.#windows.size > 0 || this.#state === 'leaving') return
    if (this.#state === 'quitting') this.#end()
    else if (!this.#voice.emit('window-all-closed')) this.quit()
  }

  stays(): void {
    if (this.#state === 'quitting') this.#state = 'running'
  }

  quit(): void {
    if (this.#state !== 'running' || this.#objects('before-quit')) return
    this.#state = 'quitting'
    if (this.#windows.size === 0) this.#end()
    for (const window of this.#windows) window.close()
  }

  exit(code: number): void {
    if (this.#state === 'leaving') return
    this.#state = 'leaving'
    for (const window of [...this.#windows]) window.destroy()
    this.#voice.emit('quit', preventable(), code)
    // Not within the call: what stands behind it in the app still runs, as with Electron.
    void pagesClosed().then(() => setImmediate(() => process.exit(code)))
  }

  #end(): void {
    if (this.#objects('will-quit')) this.#state = 'running'
    else this.exit(0)
  }

  #objects(event: 'before-quit' | 'will-quit'): boolean {
    const details = preventable()
    this.#voice.emit(event, details)
    return details.defaultPrevented
  }
}
