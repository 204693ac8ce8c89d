/**
 * A stand-in for Electron where its binary is not available: main runs in Node, and its windows are the system's
 * Chromium, driven over the DevTools protocol. It implements what main/desktop and preload/bridge use,
 * typed against Electron's declarations; other parts throw. It is for development and tests, and never packaged.
 *
 *   tools/standin/electron dist/main/index.cjs      or as `executablePath` of Playwright's `_electron.launch`
 *
 * SLIPWAY_CHROMIUM  path of Chromium, if it is not in a usual place
 * SLIPWAY_HEADLESS  1: run without a display
 *
 * Differences from Electron: permissions are always denied, dialogs and notifications are not shown (desktop.ts
 * explains how tests reply to them), zoom is CSS, the page's URL starts with `https://` instead of `app://`
 * (serving.ts), messages are slower, storage of pages ends with the app, and a window can neither be hidden nor prevent
 * the user from closing it.
 */
import type * as Electron from 'electron'
import { app } from './app.ts'
import { webContents } from './contents.ts'
import { clipboard, dialog, Menu, Notification, shell } from './desktop.ts'
import { ipcMain } from './ipc.ts'
import { guard } from './guard.ts'
import { screen } from './screen.ts'
import { protocol } from './serving.ts'
import { session } from './session.ts'
import { nativeTheme } from './theme.ts'
import { BrowserWindow } from './window.ts'

const implemented = {
  ...{ app, BrowserWindow, webContents, ipcMain, protocol, session },
  ...{ clipboard, dialog, Menu, nativeTheme, Notification, screen, shell },
} satisfies { readonly [Name in keyof typeof Electron]?: unknown }

const electron = guard<typeof implemented>('electron', implemented)

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
// The module that `require('electron')` returns; unsupported members throw.
export { electron as 'module.exports' }
