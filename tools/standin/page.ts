/** Scripts in the page: the preload in an isolated world with Electron's renderer API, and one end of the bridge. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type * as Electron from 'electron'
import { bridgeEnd, type Bridge } from './bridge.ts'
import { structuredCodec, type Codec } from './codec.ts'

export const worldName = 'Electron Isolated Context'

/** Messages from a page to main; `text` is encoded by the codec. */
export type ToMain = Message | Report

export type Message =
  | { readonly kind: 'invoke'; readonly id: number; readonly channel: string; readonly text: string }
  | { readonly kind: 'send'; readonly channel: string; readonly text: string }

/** Internal messages, which the app does not see. */
export type Report =
  | { readonly kind: 'bounds' }
  | { readonly kind: 'focus'; readonly focused: boolean }
  | ({ readonly kind: 'open' } & Pick<Electron.HandlerDetails, 'url' | 'frameName' | 'features' | 'disposition'>)

/**
 * The recipient of a message to a page. Each message is two lines: its address as JSON, then the codec's text. The lines
 * are sent in chunks, because V8 takes twice as long to compile one long argument as several short ones.
 */
export type Address =
  readonly ['result' | 'failure', id: number] | readonly ['message', channel: string] | readonly ['zoom', number]

/** The members of a page's `window` that are used here. */
interface Window extends EventTarget {
  readonly document: {
    readonly baseURI: string
    readonly documentElement: { readonly style: { zoom: string } } | null
    hasFocus(): boolean
  }
  /** The binding that reaches main; it exists only in the preload's world. */
  standinUp(message: string): void
  standinDown?(...parts: string[]): void
}

interface Click extends Event {
  readonly button: number
  readonly ctrlKey: boolean
  readonly shiftKey: boolean
}

/**
 * Part of an object: only names of `Full` are allowed, and only the members in `Typed` are type-checked. The types of
 * the others refer to the full object, so a partial implementation cannot have them.
 */
type Part<Full, Typed extends keyof Full> = Pick<Full, Typed> & { readonly [Name in keyof Full]?: unknown }

type Preload = (require: (name: string) => unknown, module: { exports: object }, exports: object) => void

/** Scripts for each new document, in the page's world and in the preload's. */
export function pageSources(preload: string | undefined): { readonly page: string; readonly preload: string } {
  const secret = JSON.stringify(randomUUID())
  const text = preload === undefined ? '' : readFileSync(preload, 'utf8')
  return {
    // Frames inside the page get no preload, as in Electron without nodeIntegrationInSubFrames.
    page: `if (window === top) (${bridgeEnd})(window, ${secret}, 'page')`,
    preload: [
      `if (window === top) (${preloadWorld})(window, (${structuredCodec})(), (${bridgeEnd})(window, ${secret}, 'preload'),`,
      `(function (require, module, exports) {${text}\n}))`,
      `//# sourceURL=${preload ?? 'standin-preload'}`,
    ].join('\n'),
  }
}

/** Runs from its source text, so it must not refer to anything outside itself. */
function preloadWorld(window: Window, codec: Codec, bridge: Bridge, preload: Preload): void {
  type Listener = (event: object, ...values: unknown[]) => void
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void; channel: string }>()
  const listeners = new Map<string, Listener[]>()
  let count = 0

  const sendToMain = (message: ToMain) => window.standinUp(JSON.stringify(message))

  function guarded<Target extends object>(name: string, implemented: Target): Target {
    return new Proxy(implemented, {
      get(target, key, receiver) {
        if (typeof key === 'string' && !(key in target)) throw new Error(`the stand-in has no ${name}.${key}`)
        return Reflect.get(target, key, receiver)
      },
    })
  }

  const ipcRenderer = guarded('ipcRenderer', {
    invoke: (channel: string, ...values: unknown[]) =>
      new Promise((resolve, reject) => {
        const text = codec.encode(values)
        const id = ++count
        waiting.set(id, { resolve, reject, channel })
        sendToMain({ kind: 'invoke', id, channel, text })
      }),
    send: (channel: string, ...values: unknown[]) => sendToMain({ kind: 'send', channel, text: codec.encode(values) }),
    on(channel: string, listener: Listener) {
      const all = [...(listeners.get(channel) ?? []), listener]
      listeners.set(channel, all)
      // The error text of the emitter in Electron's sandboxed preload.
      if (all.length === 11)
        console.warn(`MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 ${channel} listeners`)
      return ipcRenderer
    },
    once(channel: string, listener: Listener) {
      const once: Listener = (...heard) => {
        ipcRenderer.off(channel, once)
        listener(...heard)
      }
      return ipcRenderer.on(channel, once)
    },
    off(channel: string, listener: Listener) {
      const all = listeners.get(channel) ?? []
      const at = all.lastIndexOf(listener)
      if (at >= 0) listeners.set(channel, all.toSpliced(at, 1))
      return ipcRenderer
    },
    addListener: (channel: string, listener: Listener) => ipcRenderer.on(channel, listener),
    removeListener: (channel: string, listener: Listener) => ipcRenderer.off(channel, listener),
    removeAllListeners(channel: string) {
      listeners.delete(channel)
      return ipcRenderer
    },
  } satisfies Part<Electron.IpcRenderer, 'invoke' | 'send'>)

  window.standinDown = (...parts) => {
    const lines = parts.join('').split('\n')
    for (let at = 0; at + 1 < lines.length; at += 2) dispatch(JSON.parse(lines[at]!) as Address, lines[at + 1]!)
  }

  function dispatch([kind, to]: Address, text: string): void {
    if (kind === 'zoom') zoom(to)
    else if (kind === 'message') receive(to, codec.decode(text) as unknown[])
    else settle(kind, to, codec.decode(text))
  }

  function receive(channel: string, values: readonly unknown[]): void {
    const event = guarded('ipcRendererEvent', { sender: ipcRenderer, ports: [] })
    try {
      for (const listener of listeners.get(channel) ?? []) listener(event, ...values)
    } catch (error) {
      // An error of the page is thrown in the page, and must not stop later messages.
      setTimeout(() => {
        throw error
      })
    }
  }

  function settle(kind: 'result' | 'failure', id: number, value: unknown): void {
    const call = waiting.get(id)
    waiting.delete(id)
    if (kind === 'result') call?.resolve(value)
    else call?.reject(new Error(`Error invoking remote method '${call.channel}': ${String(value)}`))
  }

  function zoom(factor: number): void {
    const root = window.document.documentElement
    if (root) root.style.zoom = factor === 1 ? '' : String(factor)
  }

  function reportBounds(): void {
    sendToMain({ kind: 'bounds' })
  }

  function reportFocus(): void {
    sendToMain({ kind: 'focus', focused: window.document.hasFocus() })
    // There is no other event for a window that was moved.
    reportBounds()
  }

  function requestWindow(
    url: string,
    frameName: string,
    features: string,
    disposition: 'foreground-tab' | 'background-tab' | 'new-window',
  ) {
    sendToMain({ kind: 'open', url: new URL(url, window.document.baseURI).href, frameName, features, disposition })
    return null
  }

  /** Handles a click on a link that would open a window, unless a listener of the page prevented it. */
  function followLink(event: Event): void {
    const click = event as Click
    const link = click.composedPath().find(isLink)
    if (!link || click.defaultPrevented || click.button > 1) return
    const opensNewWindow = link.target !== '' && !['_self', '_top', '_parent'].includes(link.target)
    const inBackground = click.button === 1 || click.ctrlKey
    if (!opensNewWindow && !inBackground && !click.shiftKey) return
    click.preventDefault()
    requestWindow(link.href, link.target, '', inBackground ? 'background-tab' : 'foreground-tab')
  }

  function isLink(target: EventTarget | undefined): target is EventTarget & { href: string; target: string } {
    return !!target && 'href' in target && typeof target.href === 'string' && 'target' in target
  }

  window.addEventListener('resize', reportBounds)
  window.addEventListener('focus', reportFocus)
  window.addEventListener('blur', reportFocus)
  window.addEventListener('click', followLink)
  window.addEventListener('auxclick', followLink)
  // The browser cannot refuse a window before it exists. Electron can, and window.open then returns null.
  bridge.expose('open', (url: unknown = '', frameName: unknown = '', features: unknown = '') =>
    requestWindow(String(url), String(frameName), String(features), features ? 'new-window' : 'foreground-tab'),
  )
  reportFocus()

  const contextBridge = guarded('contextBridge', {
    exposeInMainWorld: (name: string, api: unknown) => bridge.expose(name, api),
  } satisfies Part<Electron.ContextBridge, 'exposeInMainWorld'>)
  const electron = guarded('electron', { ipcRenderer, contextBridge })
  const module = { exports: {} }
  preload(
    (name) => {
      if (name === 'electron' || name === 'electron/renderer') return electron
      throw new Error(`module not found: ${name}`)
    },
    module,
    module.exports,
  )
}
