/** The part of main that uses Electron: startup, the window, its files, dialogs and IPC. */
export { publish, serve } from './ipc.ts'
export { start } from './start.ts'
export { chooseFolder, desktopProxy, openPage, openText, saveText, showFolder } from './system.ts'
export { openWindow, windowService } from './window.ts'
