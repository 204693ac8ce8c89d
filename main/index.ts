/** Slipway's main process: the services are built here, handed what they need of each other, and served to the window. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { version } from '../package.json'
import {
  chooseFolder,
  desktopProxy,
  openWindow,
  publish,
  serve,
  showFolder,
  start,
  windowService,
} from './desktop/index.ts'
import { discoverService } from './discover/index.ts'
import { engineService } from './engine/index.ts'
import { imagesService, layersService, removalService } from './images/index.ts'
import { jobBook } from './jobs.ts'
import { dockerCredentials, httpClient, registryClient } from './registry/index.ts'
import { settingsService } from './settings/index.ts'
import { openStore } from './store/index.ts'

const built = join(import.meta.dirname, '..')
const ended = new AbortController()

start({
  name: 'Slipway',
  renderer: join(built, 'renderer'),
  open({ folder, languages, showTheme }) {
    const store = openStore(folder)
    const home = homedir()
    const engine = engineService({
      surroundings: { env: process.env, home },
      publish: (name, payload) => {
        publish(name, payload)
        if (name === 'images.changed' || name === 'engine.changed') layers.changed()
      },
      memory: store.lists,
    })
    const layers = layersService({ engine, kept: store.layers, publish })
    const jobs = jobBook({ publish, ended: store.jobs })
    const http = httpClient({ version, env: process.env, desktopProxy })
    const registry = registryClient({ http, credentials: dockerCredentials({ env: process.env, home }) })
    const discover = discoverService({
      ...{ engine, publish, registry, http },
      searchHosts: ['docker.1ms.run'],
      platform: () => undefined,
    })
    const removal = removalService({
      ...{ engine, layers, jobs, chooseFolder, showFolder },
      pullAgain: async () => undefined,
      ledger: store.ledger,
      usualFolder: join(home, 'Slipway'),
    })
    const images = imagesService(engine)
    const settings = settingsService({ settings: store.settings, systemLanguages: languages, showTheme, publish })
    const window = windowService(store.window)

    serve({
      ...discover.handlers,
      'transfer.pull': () => ({ ok: false, error: { code: 'internal' } }),
      ...engine.handlers,
      ...images.handlers,
      ...layers.handlers,
      ...removal.handlers,
      ...jobs.handlers,
      ...settings.handlers,
      ...window.handlers,
    })
    void engine.run(ended.signal)
    ended.signal.addEventListener('abort', () => {
      discover.end()
      void http.close()
      store.lists.end()
      layers.end()
    })
    openWindow({
      place: store.window,
      preload: join(built, 'preload', 'bridge.cjs'),
      icon: join(built, 'icon.png'),
    })
  },
  end: () => ended.abort(),
})
