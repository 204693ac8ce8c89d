/** Preloaded by the script `electron`: makes this Node process Electron's main process. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { app, lifecycle } from './app.ts'
import { browser, startBrowser } from './browser.ts'
import { readScreens } from './screen.ts'

// The script sets this variable; the app's child processes must not inherit it.
delete process.env['NODE_COMPILE_CACHE']

const main = process.argv[1] ?? '.'
// As in Electron: the executable's path, then all arguments. The script passes the app twice, for Node and as argument.
process.argv.splice(0, 2, join(import.meta.dirname, 'electron'))

const manifest = join(import.meta.dirname, '../../node_modules/electron/package.json')
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
Object.defineProperty(process.versions, 'electron', { value: version, enumerable: true })
Object.defineProperty(process, 'type', { value: 'browser', enumerable: true })
Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true })

const entry = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' || specifier === 'electron/main' || specifier === 'electron/common'
      ? { url: entry, shortCircuit: true }
      : next(specifier, context),
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // As in Electron, the first signal asks the app to quit, which it can prevent; the second one ends it.
  process.once(signal, () => {
    process.once(signal, () => process.exit(1))
    lifecycle.quit()
  })
}

app.load(main)
// Node loads fetch lazily, which is slow; load it while Chromium starts.
setImmediate(() => new Request('app://ready/'))
start().catch(async (error: unknown) => {
  // If the browser ended, its exit handler below reports the reason and exits first.
  await delay(500)
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})

async function start(): Promise<void> {
  await startBrowser((output) => {
    console.error(`Chromium ended.\n${output}`)
    process.exit(1)
  })
  const { product } = await browser().send('Browser.getVersion')
  Object.defineProperty(process.versions, 'chrome', { value: product.split('/')[1], enumerable: true })
  await readScreens()
  app.markReady()
}
