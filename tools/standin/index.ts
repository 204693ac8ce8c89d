/**
 * A stand-in for Electron where its binary cannot be had: main runs in Node, its windows are the system's Chromium, driven
 * over the DevTools protocol. So much of Electron as main/desktop and preload/bridge use, typed against Electron's own
 * declarations; the rest throws. For development and tests, never in a package.
 *
 *   tools/standin/electron dist/main/index.cjs      or as `executablePath` of Playwright's `_electron.launch`
 *
 * SLIPWAY_CHROMIUM  the Chromium to use, where it is none of the usual
 * SLIPWAY_HEADLESS  1: without a display
 *
 * Not as in Electron: permissions are never asked for, dialogs and notifications never shown (desktop.ts says how a test
 * answers them), zoom is CSS, a page is `https://…` to itself (serving.ts), messages are slower, storage in the page ends with
 * the app, and a window can neither be hidden nor refuse when the user closes it.
 */
import type * as Electron from 'electron'
import { app } from './app.ts'
import { webContents } from './contents.ts'
import { clipboard, dialog, Menu, Notification, shell } from './desktop.ts'
import { ipcMain } from './ipc.ts'
import { loud } from './loud.ts'
import { screen } from './screen.ts'
import { protocol } from './serving.ts'
import { session } from './session.ts'
import { nativeTheme } from './theme.ts'
import { BrowserWindow } from './window.ts'

const held = {
  ...{ app, BrowserWindow, webContents, ipcMain, protocol, session },
  ...{ clipboard, dialog, Menu, nativeTheme, Notification, screen, shell },
} satisfies { readonly [Name in keyof typeof Electron]?: unknown }

const electron = loud<typeof held>('electron', held)

export {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  Notification,
  protocol,
  screen,
  session,
  shell,
}
export { electron as default, webContents }
// What `require('electron')` gets, guarded as a whole.
export { electron as 'module.exports' }
