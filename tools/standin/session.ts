/** What pages may do. The handlers are taken and never called: Chromium refuses by itself all that it would have to ask for. */
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
