/** Events of the stand-in's objects, named as in Electron. Listeners for other events are rejected (guard.ts). */
import type * as Electron from 'electron'

type Navigation = Electron.Event<Electron.WebContentsWillNavigateEventParams>

export interface AppEvents {
  ready: [event: Electron.Event, launchInfo: Record<string, unknown>]
  'window-all-closed': []
  'before-quit': [event: Electron.Event]
  'will-quit': [event: Electron.Event]
  quit: [event: Electron.Event, exitCode: number]
  'second-instance': [event: Electron.Event, argv: readonly string[], workingDirectory: string, data: unknown]
  'web-contents-created': [event: Electron.Event, contents: Electron.WebContents]
  'browser-window-created': [event: Electron.Event, window: Electron.BrowserWindow]
  'render-process-gone': [event: Electron.Event, contents: Electron.WebContents, details: Gone]
  /** Never emitted: macOS only. */
  activate: []
  /** Never emitted: if a Chromium process crashes, the app ends, or the process is restarted. */
  'child-process-gone': []
}

export interface WindowEvents {
  'ready-to-show': []
  show: []
  hide: []
  focus: []
  blur: []
  close: [event: Electron.Event]
  closed: []
  resize: []
  move: []
  maximize: []
  unmaximize: []
  minimize: []
  restore: []
  'page-title-updated': [event: Electron.Event, title: string, explicitSet: boolean]
}

export interface ContentsEvents {
  'dom-ready': [event: Electron.Event]
  'did-finish-load': []
  'will-navigate': [details: Navigation, url: string]
  'will-frame-navigate': [details: Navigation]
  'render-process-gone': [event: Electron.Event, details: Gone]
  destroyed: []
  /** Never emitted: Chromium has no webview. */
  'will-attach-webview': []
}

export interface NotificationEvents {
  show: [event: Electron.Event]
  close: [details: Electron.Event<Electron.NotificationCloseEventParams>]
  /** Never emitted by the stand-in, but possibly by a test. */
  click: [event: Electron.Event]
  action: [event: Electron.Event]
  failed: [event: Electron.Event, error: string]
}

type Gone = Electron.RenderProcessGoneDetails

/** The names of all events. The type check finds missing and extra names. */
const eventNames = <Events>(names: Record<keyof Events, true>) => Object.keys(names) as (keyof Events)[]

export const appEvents = eventNames<AppEvents>({
  ...{ ready: true, 'window-all-closed': true, 'before-quit': true, 'will-quit': true, quit: true },
  ...{ 'second-instance': true, 'web-contents-created': true, 'browser-window-created': true },
  ...{ 'render-process-gone': true, activate: true, 'child-process-gone': true },
})

export const windowEvents = eventNames<WindowEvents>({
  ...{ 'ready-to-show': true, show: true, hide: true, focus: true, blur: true, close: true, closed: true },
  ...{ resize: true, move: true, maximize: true, unmaximize: true, minimize: true, restore: true },
  'page-title-updated': true,
})

export const contentsEvents = eventNames<ContentsEvents>({
  ...{ 'dom-ready': true, 'did-finish-load': true, 'will-navigate': true, 'will-frame-navigate': true },
  ...{ 'render-process-gone': true, destroyed: true, 'will-attach-webview': true },
})

export const notificationEvents = eventNames<NotificationEvents>({
  ...{ show: true, close: true, click: true, action: true, failed: true },
})
