/** All that is Electron's: the app's start, its window and files, the contract served to it. */
export { publish, serve } from './ipc.ts'
export { start } from './start.ts'
export { chooseFolder, desktopProxy, openPage, openText, saveText, showFolder } from './system.ts'
export { openWindow, windowService } from './window.ts'
