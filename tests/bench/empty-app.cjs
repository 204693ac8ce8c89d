// The baseline for time and memory: the smallest possible app, with a window like Slipway’s and one page, served over
// the app’s own URL scheme.
const { join } = require('node:path')
const { app, BrowserWindow, protocol } = require('electron')

const page =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Empty</title><p role="gridcell">Empty</p></html>'

app.setName('Empty')
app.enableSandbox()
protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }])
app.on('window-all-closed', () => app.quit())
void app.whenReady().then(() => {
  protocol.handle('app', () => new Response(page, { headers: { 'Content-Type': 'text/html; charset=utf-8' } }))
  const window = new BrowserWindow({
    width: 1240,
    height: 780,
    useContentSize: true,
    title: 'Empty',
    show: false,
    webPreferences: {
      preload: join(__dirname, 'first-row.js'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      spellcheck: false,
    },
  })
  window.once('ready-to-show', () => window.show())
  return window.loadURL('app://empty/index.html')
})
