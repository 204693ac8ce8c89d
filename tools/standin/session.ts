/** Permissions of pages. The handlers are stored but never called: Chromium denies everything that needs a prompt. */
import type * as Electron from 'electron'
import { loud } from './loud.ts'
import { protocol } from './serving.ts'

export const session = loud<typeof Electron.session>('session', {
  defaultSession: loud<Electron.Session>('session.defaultSession', {
    protocol,
    setPermissionRequestHandler() {},
    setPermissionCheckHandler() {},
    resolveProxy: async () => 'DIRECT',
  }),
})
