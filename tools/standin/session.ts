/** Permissions of pages. The handlers are stored but never called: Chromium denies everything that needs a prompt. */
import type * as Electron from 'electron'
import { guard } from './guard.ts'
import { protocol } from './serving.ts'

export const session = guard<typeof Electron.session>('session', {
  defaultSession: guard<Electron.Session>('session.defaultSession', {
    protocol,
    setPermissionRequestHandler() {},
    setPermissionCheckHandler() {},
    resolveProxy: async () => 'DIRECT',
  }),
})
