/** Entry point of the main process: builds the services, connects them to each other and serves them to the window. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hub } from '../model/image/reference.ts'
import { version } from '../package.json'
import { loadArchive, saveArchive } from './archives/index.ts'
import { buildCacheService } from './build-cache/index.ts'
import { containersService } from './containers/index.ts'
import { daemonConfigService, userHelper } from './daemon-config/index.ts'
import {
  chooseFolder,
  desktopProxy,
  chooseAndReadText,
  chooseAndWriteText,
  openPage,
  openPath,
  openWindow,
  publish,
  serve,
  start,
  userQuestions,
  windowService,
} from './desktop/index.ts'
import { engineService, readInsecureRegistries } from './engine/index.ts'
import { appEnvironment } from './environment/index.ts'
import { imagesService } from './images/index.ts'
import { jobService } from './jobs/index.ts'
import { layersService } from './layers/index.ts'
import { mirrorService } from './mirrors/index.ts'
import { diskSpace, pullService, storedLogins } from './pull/index.ts'
import { dockerCredentials, httpClient, registryClient } from './registry/index.ts'
import { registriesService } from './registries/index.ts'
import { removalService } from './removal/index.ts'
import { runService } from './run/index.ts'
import { searchService } from './search/index.ts'
import { settingsService } from './settings/index.ts'
import { openStore } from './store/index.ts'
import { terminalsService } from './terminals/index.ts'
import { explainPullFailure, pullAgain, runInTerminal, terminalEngine, testPull } from './workflows/index.ts'

const distFolder = join(import.meta.dirname, '..')

start({
  name: 'Slipway',
  renderer: join(distFolder, 'renderer'),
  open({ folder, languages, applyTheme }) {
    const home = homedir()
    const store = openStore(folder)
    const environment = appEnvironment({ launcher: process.env, home, store: store.environment })
    const { env } = environment
    const jobs = jobService({ publish, store })
    const http = httpClient({ version, env, desktopProxy })
    const credentials = dockerCredentials(environment)
    const registries = registriesService(store.realms)
    const registry = registryClient({
      ...{ http, credentials, allowsRealm: registries.allowsRealm },
      async insecureRegistries() {
        const session = engine.session()
        return session.ok ? await readInsecureRegistries(session.value) : undefined
      },
    })

    const settings = settingsService({ settings: store.settings, systemLanguages: languages, applyTheme, publish })
    const questions = userQuestions(settings.language)
    const engine = engineService({ environment, publish, lists: store.lists })
    const terminal = terminalEngine({ environment, engine, publish })
    const platform = () => engine.facts()?.platform
    const images = imagesService(engine)
    const layers = layersService({ engine, store: store.layers, publish })
    const mirrors = mirrorService({
      ...{ http, jobs, publish, platform, chooseAndReadText, chooseAndWriteText },
      store: store.mirrors,
      inForce: () => engine.facts()?.mirrors ?? [],
      isLocal: () => engine.state().context?.local ?? false,
    })
    const search = searchService({
      ...{ engine, publish, registry, http, platform },
      searchHosts: ['docker.1ms.run'],
      sourcesFor: mirrors.sourcesFor,
    })
    const pull = pullService({
      ...{ engine, jobs },
      credentialsFor: storedLogins(credentials),
      checkReference: search.checkReference,
      explainFailure: explainPullFailure({ http, environment }),
      onFailure: (host) => host === hub && mirrors.hubPullFailed(),
      ledger: store.ledger,
      diskSpace: diskSpace({ contents: registry.contents, diffIdsOf: (image) => layers.read(image)?.diffIds }),
    })
    const daemonConfig = daemonConfigService({
      ...{ engine, jobs, environment },
      store: store.mirrors,
      userHelper: userHelper(join(distFolder, 'helper/slipway-own-daemon-file'), env),
      tryMirror: testPull({ http, pull, lastRace: () => store.mirrors.value.race }),
      showFile: openPath,
    })
    const removal = removalService({
      ...{ engine, layers, jobs, chooseFolder, showFolder: openPath },
      pullAgain: pullAgain(search, pull),
      archives: { save: saveArchive, load: loadArchive },
      ledger: store.ledger,
      defaultFolder: join(home, 'Slipway'),
    })
    const buildCache = buildCacheService({ engine, jobs })
    const containers = containersService({ engine, openPage, openLink: questions.openLink })
    const terminals = terminalsService({ engine, publish })
    const run = runService({
      ...{ engine, details: images.details },
      chooseFolder: questions.chooseContainerFolder,
      allowsFolders: questions.allowsFolders,
    })
    const window = windowService(store.window, questions.openLink)

    engine.on('images', layers.scheduleUpdate)
    engine.on('state', layers.scheduleUpdate)
    engine.on('state', daemonConfig.engineChanged)
    engine.on('state', removal.engineChanged)
    engine.on('state', mirrors.engineChanged)
    engine.on('state', terminal.engineChanged)
    serve({
      ...buildCache.handlers,
      ...containers.handlers,
      ...daemonConfig.handlers,
      ...engine.handlers,
      ...terminal.handlers,
      ...images.handlers,
      ...jobs.handlers,
      ...layers.handlers,
      ...mirrors.handlers,
      ...pull.handlers,
      ...registries.handlers,
      ...removal.handlers,
      ...run.handlers,
      ...runInTerminal(run, terminals),
      ...search.handlers,
      ...settings.handlers,
      ...terminals.handlers,
      ...window.handlers,
    })
    const engineRun = new AbortController()
    void engine.run(engineRun.signal)
    const shellRead = terminal.run(engineRun.signal)
    openWindow({
      state: store.window,
      preload: join(distFolder, 'preload', 'bridge.cjs'),
      icon: join(distFolder, 'icon.png'),
      closeOptions: { jobs: jobs.all, language: settings.language },
    })

    function end() {
      engineRun.abort()
      search.end()
      mirrors.end()
      void http.close()
      void layers.end()
      return Promise.all([store.end(), shellRead])
    }
    let shutdown: Promise<unknown> | undefined
    return () => (shutdown ??= Promise.all([terminals.end(), jobs.end()]).then(end, end))
  },
})
