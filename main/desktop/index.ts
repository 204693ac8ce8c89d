/** The only part of main that imports Electron: startup, the window, the `app://` protocol, dialogs and IPC. */
export { publish, serve } from './ipc.ts'
export { userQuestions } from './questions.ts'
export { start } from './start.ts'
export { chooseAndReadText, chooseAndWriteText, chooseFolder, desktopProxy, openPage, openPath } from './system.ts'
export { openWindow, windowService } from './window.ts'
