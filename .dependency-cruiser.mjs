// A folder may import only from the folders below it (CONTRIBUTING.md, "The map").
/** Small parsing libraries that the model may use. */
const parsers = 'jsonc-parser|ipaddr\\.js'
const services =
  'archives|build-cache|containers|daemon-config|environment|images|layers|mirrors|pull|registries|removal|run|search|settings|terminals'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'model-is-pure',
      comment: 'model/ imports neither Node, the DOM nor an engine, and no libraries except those in `parsers`',
      severity: 'error',
      from: { path: '^model/' },
      to: { pathNot: `^model/|^node_modules/(${parsers})/` },
    },
    {
      name: 'contract-imports-only-the-model',
      severity: 'error',
      from: { path: '^preload/contract/' },
      to: { pathNot: '^(preload/contract/|model/|node_modules/valibot/)' },
    },
    {
      name: 'renderer-and-main-are-separate',
      comment: 'the renderer and main share only the contract, the model and the messages',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(main|tools|tests)/|^preload/(?!contract/)' },
    },
    {
      name: 'renderer-folders-no-circular',
      comment: 'a folder receives what it needs from a folder above it as a prop or a snippet',
      severity: 'error',
      scope: 'folder',
      from: { path: '^renderer/' },
      to: { circular: true },
    },
    {
      name: 'ui-is-below',
      comment: 'shared parts do not import screens',
      severity: 'error',
      from: { path: '^renderer/ui/' },
      to: { path: '^renderer/', pathNot: '^renderer/ui/' },
    },
    {
      name: 'main-imports-no-renderer',
      severity: 'error',
      from: { path: '^main/' },
      to: { path: '^(renderer|tools|tests)/' },
    },
    {
      name: 'electron-only-in-desktop',
      comment: 'so that every service runs in a plain Node test',
      severity: 'error',
      from: { path: '^(main|preload|model|renderer)/', pathNot: '^main/desktop/|^preload/bridge\\.ts$' },
      to: { path: '^electron$|^node_modules/electron/' },
    },
    {
      name: 'dockerode-only-in-engine',
      comment: 'only engine/api knows endpoints, status codes and the shape of replies; connect creates the transport',
      severity: 'error',
      from: { path: '^(main|preload|model|renderer)/', pathNot: '^main/engine/(api|connect)/' },
      to: { path: '^node_modules/(dockerode|docker-modem|@types/dockerode)/' },
    },
    {
      name: 'services-do-not-import-each-other',
      comment: 'main/index.ts passes a service the functions that it needs from another service',
      severity: 'error',
      from: { path: `^main/(${services})/` },
      to: { path: `^main/(${services})/`, pathNot: '^main/$1/' },
    },
    {
      name: 'workflows-are-above-services',
      comment:
        'a workflow changes two services; main/index.ts passes a service the functions that it needs from a workflow',
      severity: 'error',
      from: { path: '^main/', pathNot: '^main/workflows/|^main/index\\.ts$' },
      to: { path: '^main/workflows/' },
    },
    {
      name: 'engine-imports-no-service',
      severity: 'error',
      from: { path: '^main/(engine|desktop)/' },
      to: { path: `^main/(${services})/|^main/index\\.ts$` },
    },
    {
      name: 'engine-api-is-below',
      comment: 'connect and sync use the API, which imports neither',
      severity: 'error',
      from: { path: '^main/engine/api/' },
      to: { path: '^main/engine/', pathNot: '^main/engine/api/' },
    },
    {
      name: 'engine-connect-is-below-sync',
      severity: 'error',
      from: { path: '^main/engine/connect/' },
      to: { path: '^main/engine/', pathNot: '^main/engine/(api|connect)/' },
    },
    {
      name: 'engine-sync-is-below-index',
      severity: 'error',
      from: { path: '^main/engine/sync/' },
      to: { path: '^main/engine/', pathNot: '^main/engine/(api|connect|sync)/' },
    },
    {
      name: 'engine-and-desktop-do-not-import-each-other',
      severity: 'error',
      from: { path: '^main/(engine|desktop)/' },
      to: { path: '^main/(engine|desktop)/', pathNot: '^main/$1/' },
    },
    {
      name: 'lowest-layer',
      comment: 'the store, the registry client and the jobs import no folder above them',
      severity: 'error',
      from: { path: '^main/(jobs|registry|store)/' },
      to: { path: '^main/', pathNot: '^main/(jobs|registry|store)/' },
    },
    {
      name: 'only-index',
      comment: 'other folders import only the index.ts of a folder',
      severity: 'error',
      from: { path: '^(main)/([^/]+)/' },
      to: { path: '^main/[^/]+/.', pathNot: '^main/$2/|^main/[^/]+/index\\.ts$' },
    },
    {
      name: 'only-index-from-main-index',
      severity: 'error',
      from: { path: '^main/index\\.ts$' },
      to: { path: '^main/[^/]+/.', pathNot: '^main/[^/]+/index\\.ts$' },
    },
    {
      name: 'no-orphan',
      comment: 'a file that nobody imports is unused, unless it is an entry point listed here',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: '\\.d\\.ts$|\\.config\\.ts$|^tools/|^tests/',
      },
      to: {},
    },
    {
      name: 'unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^electron$' },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^dist/|\\.css$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.svelte', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'node'],
    },
  },
}
