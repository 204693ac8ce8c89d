/** Slipway's main process: the services are built here, handed what they need of each other, and served to the window. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { version } from '../package.json'
import { containersService } from './containers/index.ts'
import {
  chooseFolder,
  desktopProxy,
  openPage,
  openText,
  openWindow,
  publish,
  saveText,
  serve,
  showFolder,
  start,
  windowService,
} from './desktop/index.ts'
import { discoverService } from './discover/index.ts'
import { engineService, reached } from './engine/index.ts'
import { imagesService, layersService, layersSize, removalService } from './images/index.ts'
import { jobBook } from './jobs.ts'
import { daemonService, mirrorService, ownHelper } from './mirrors/index.ts'
import { dockerCredentials, httpClient, registryClient } from './registry/index.ts'
import { settingsService } from './settings/index.ts'
import { openStore } from './store/index.ts'
import { storedLogins, transferService } from './transfer/index.ts'

const built = join(import.meta.dirname, '..')
const ended = new AbortController()
let hangUp: () => Promise<unknown> | undefined = () => undefined

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
        if (name !== 'engine.changed') return
        daemon.engineChanged()
        containers.engineChanged()
      },
      memory: store.lists,
    })
    const layers = layersService({ engine, kept: store.layers, publish })
    const jobs = jobBook({ publish, ended: store.jobs })
    const http = httpClient({ version, env: process.env, desktopProxy })
    const credentials = dockerCredentials({ env: process.env, home })
    const registry = registryClient({ http, credentials })
    const facts = () => {
      const state = engine.state()
      return state.status === 'connected' ? state.facts : undefined
    }
    const platform = () => facts()?.platform
    const discover = discoverService({
      ...{ engine, publish, registry, http },
      searchHosts: ['docker.1ms.run'],
      sourcesFor: (reference) => mirrors.sourcesFor(reference),
      platform,
    })
    const transfer = transferService({
      ...{ engine, jobs },
      credentialsFor: storedLogins(credentials),
      ledger: store.ledger,
      async taken() {
        const [docker, at] = [engine.docker(), reached(engine)]
        return docker.ok && at ? await layersSize(docker.value, at) : undefined
      },
    })
    const mirrors = mirrorService({
      ...{ http, jobs, publish, openText, saveText },
      store: store.mirrors,
      platform,
      inForce: () => facts()?.mirrors ?? [],
    })
    const daemon = daemonService({
      ...{ engine, jobs, http },
      store: store.mirrors,
      surroundings: { env: process.env, home },
      own: ownHelper(join(built, 'helper/slipway-own-daemon-file'), process.env),
      pull: (reference, cancelled) => transfer.pullAgain(reference, cancelled, true),
      showFile: showFolder,
    })
    const removal = removalService({
      ...{ engine, layers, jobs, chooseFolder, showFolder },
      async pullAgain(reference, cancelled) {
        const [repository = '', digest = ''] = reference.split('@')
        const there = await discover.stillThere(repository, digest)
        if (there.ok && !there.value) return { code: 'reference-unknown', reference }
        return transfer.pullAgain(reference, cancelled)
      },
      ledger: store.ledger,
      usualFolder: join(home, 'Slipway'),
    })
    const images = imagesService(engine)
    const settings = settingsService({ settings: store.settings, systemLanguages: languages, showTheme, publish })
    const window = windowService(store.window)
    const containers = containersService({
      ...{ engine, publish, chooseFolder, openPage },
      details: images.handlers['images.details'],
    })
    hangUp = containers.end

    serve({
      ...containers.handlers,
      ...daemon.handlers,
      ...discover.handlers,
      ...engine.handlers,
      ...images.handlers,
      ...layers.handlers,
      ...mirrors.handlers,
      ...removal.handlers,
      ...jobs.handlers,
      ...settings.handlers,
      ...transfer.handlers,
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
      closing: { pulls: transfer.busy, changes: daemon.busy, language: settings.language },
    })
  },
  end() {
    const hungUp = hangUp()
    if (hungUp) return hungUp.finally(() => ended.abort())
    ended.abort()
    return undefined
  },
})
