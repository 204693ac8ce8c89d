/** What pages may do. The handlers are kept and never called: Chromium asks nobody, and a page of the stand-in gets nothing. */
import type * as Electron from 'electron'
import { loud } from './loud.ts'
import { protocol } from './serving.ts'

export const session = loud<typeof Electron.session>('session', {
  defaultSession: loud<Electron.Session>('session.defaultSession', {
    protocol,
    setPermissionRequestHandler() {},
    setPermissionCheckHandler() {},
  }),
})
