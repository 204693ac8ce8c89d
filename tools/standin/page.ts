/** Scripts in the page: the preload in an isolated world with Electron's renderer API, and one end of the bridge. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type * as Electron from 'electron'
import { bridgeEnd, type Bridge } from './bridge.ts'
import { structuredCodec, type Codec } from './codec.ts'

export const worldName = 'Electron Isolated Context'

/** Messages from a page to main; `text` is encoded by the codec. */
export type PageMessage = Message | Report

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
  const pendingCalls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void; channel: string }>()
  const listeners = new Map<string, Listener[]>()
  let lastId = 0

  const sendToMain = (message: PageMessage) => window.standinUp(JSON.stringify(message))

  function withGuard<Target extends object>(name: string, implemented: Target): Target {
    return new Proxy(implemented, {
      get(target, key, receiver) {
        if (typeof key === 'string' && !(key in target)) throw new Error(`the stand-in has no ${name}.${key}`)
        return Reflect.get(target, key, receiver)
      },
    })
  }

  const ipcRenderer = withGuard('ipcRenderer', {
    invoke: (channel: string, ...values: unknown[]) =>
      new Promise((resolve, reject) => {
        const text = codec.encode(values)
        const id = ++lastId
        pendingCalls.set(id, { resolve, reject, channel })
        sendToMain({ kind: 'invoke', id, channel, text })
      }),
    send: (channel: string, ...values: unknown[]) => sendToMain({ kind: 'send', channel, text: codec.encode(values) }),
    on(channel: string, listener: Listener) {
      const channelListeners = [...(listeners.get(channel) ?? []), listener]
      listeners.set(channel, channelListeners)
      // The warning of the emitter in Electron's sandboxed preload.
      if (channelListeners.length === 11)
        console.warn(`MaxListenersExceededWarning: Possible EventEmitter memory leak detected. 11 ${channel} listeners`)
      return ipcRenderer
    },
    once(channel: string, listener: Listener) {
      const once: Listener = (...args) => {
        ipcRenderer.off(channel, once)
        listener(...args)
      }
      return ipcRenderer.on(channel, once)
    },
    off(channel: string, listener: Listener) {
      const channelListeners = listeners.get(channel) ?? []
      const index = channelListeners.lastIndexOf(listener)
      if (index >= 0) listeners.set(channel, channelListeners.toSpliced(index, 1))
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
    for (let index = 0; index + 1 < lines.length; index += 2)
      dispatch(JSON.parse(lines[index]!) as Address, lines[index + 1]!)
  }

  function dispatch([kind, target]: Address, text: string): void {
    if (kind === 'zoom') zoom(target)
    else if (kind === 'message') receive(target, codec.decode(text) as unknown[])
    else settle(kind, target, codec.decode(text))
  }

  function receive(channel: string, values: readonly unknown[]): void {
    const event = withGuard('ipcRendererEvent', { sender: ipcRenderer, ports: [] })
    try {
      for (const listener of listeners.get(channel) ?? []) listener(event, ...values)
    } catch (error) {
      // Thrown later, so that a listener's error is reported in the page, but does not stop later messages.
      setTimeout(() => {
        throw error
      })
    }
  }

  function settle(kind: 'result' | 'failure', id: number, value: unknown): void {
    const call = pendingCalls.get(id)
    pendingCalls.delete(id)
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
    // No event reports that a window was moved, so its bounds are checked here.
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
  // Replace window.open. Unlike Electron, Chromium cannot refuse a window before it exists and return null.
  bridge.expose('open', (url: unknown = '', frameName: unknown = '', features: unknown = '') =>
    requestWindow(String(url), String(frameName), String(features), features ? 'new-window' : 'foreground-tab'),
  )
  reportFocus()

  const contextBridge = withGuard('contextBridge', {
    exposeInMainWorld: (name: string, api: unknown) => bridge.expose(name, api),
  } satisfies Part<Electron.ContextBridge, 'exposeInMainWorld'>)
  const electron = withGuard('electron', { ipcRenderer, contextBridge })
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
