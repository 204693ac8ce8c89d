/** How the app quits: open windows, listeners that may prevent it, and the order of events as in Electron. */
import { waitForClosingPages } from './browser.ts'
import { createPreventableEvent } from './guard.ts'

export interface Closable {
  /** Results in a call of `onWindowClosed`, or of `cancelQuit` if a listener prevents closing. */
  close(): void
  destroy(): void
}

/** Emits events to the app; `emit` returns false if there are no listeners. */
interface AppEmitter {
  emit(event: 'before-quit' | 'will-quit', details: ReturnType<typeof createPreventableEvent>): boolean
  emit(event: 'quit', details: ReturnType<typeof createPreventableEvent>, exitCode: number): boolean
  emit(event: 'window-all-closed'): boolean
}

export class Lifecycle {
  readonly #windows = new Set<Closable>()
  readonly #emitter: AppEmitter
  #state: 'running' | 'quitting' | 'exiting' = 'running'

  constructor(emitter: AppEmitter) {
    this.#emitter = emitter
  }

  onWindowOpened(window: Closable): void {
    this.#windows.add(window)
  }

  onWindowClosed(window: Closable): void {
    this.#windows.delete(window)
    if (this.#windows.size > 0 || this.#state === 'exiting') return
    if (this.#state === 'quitting') this.#end()
    else if (!this.#emitter.emit('window-all-closed')) this.quit()
  }

  cancelQuit(): void {
    if (this.#state === 'quitting') this.#state = 'running'
  }

  quit(): void {
    if (this.#state !== 'running' || this.#isPrevented('before-quit')) return
    this.#state = 'quitting'
    if (this.#windows.size === 0) this.#end()
    for (const window of this.#windows) window.close()
  }

  exit(code: number): void {
    if (this.#state === 'exiting') return
    this.#state = 'exiting'
    for (const window of [...this.#windows]) window.destroy()
    this.#emitter.emit('quit', createPreventableEvent(), code)
    // Deferred, because the caller's remaining code still runs first in Electron.
    void waitForClosingPages().then(() => setImmediate(() => process.exit(code)))
  }

  #end(): void {
    if (this.#isPrevented('will-quit')) this.#state = 'running'
    else this.exit(0)
  }

  #isPrevented(event: 'before-quit' | 'will-quit'): boolean {
    const details = createPreventableEvent()
    this.#emitter.emit(event, details)
    return details.defaultPrevented
  }
}
