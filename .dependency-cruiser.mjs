// The rules of the rooms (CONTRIBUTING.md, "The map"): who may import whom. An arrow goes down or not at all.
/** Small libraries that parse text, which the model may use. */
const parsers = 'jsonc-parser|ipaddr\\.js'
const services =
  'archives|build-cache|containers|daemon-config|images|layers|mirrors|pull|removal|run|search|settings|terminals'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'model-is-pure',
      comment: 'model/ knows no Node, no DOM and no engine; a parsing library only where it stands in `parsers`',
      severity: 'error',
      from: { path: '^model/' },
      to: { pathNot: `^model/|^node_modules/(${parsers})/` },
    },
    {
      name: 'contract-knows-the-model-alone',
      severity: 'error',
      from: { path: '^preload/contract/' },
      to: { pathNot: '^(preload/contract/|model/|node_modules/valibot/)' },
    },
    {
      name: 'two-sides',
      comment: 'the renderer and main meet in the contract, the model and the messages',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(main|tools|tests)/|^preload/(?!contract/)' },
    },
    {
      name: 'renderer-rooms-in-no-circle',
      comment: 'a room stands above what it uses; what it needs of one above, it is handed as a prop or a snippet',
      severity: 'error',
      scope: 'folder',
      from: { path: '^renderer/' },
      to: { circular: true },
    },
    {
      name: 'ui-is-below',
      comment: 'what all screens share knows none of them',
      severity: 'error',
      from: { path: '^renderer/ui/' },
      to: { path: '^renderer/', pathNot: '^renderer/ui/' },
    },
    {
      name: 'main-draws-nothing',
      severity: 'error',
      from: { path: '^main/' },
      to: { path: '^(renderer|tools|tests)/' },
    },
    {
      name: 'electron-at-the-desktop',
      comment: 'every service runs in a plain Node test',
      severity: 'error',
      from: { path: '^(main|preload|model|renderer)/', pathNot: '^main/desktop/|^preload/bridge\\.ts$' },
      to: { path: '^electron$|^node_modules/electron/' },
    },
    {
      name: 'dockerode-in-the-engine',
      comment: 'only engine/api knows an endpoint, a status code, the shape of a reply; connect makes the transport',
      severity: 'error',
      from: { path: '^(main|preload|model|renderer)/', pathNot: '^main/engine/(api|connect)/' },
      to: { path: '^node_modules/(dockerode|docker-modem|@types/dockerode)/' },
    },
    {
      name: 'services-are-no-neighbours',
      comment: 'what a service needs of another, main/index.ts hands in as a function',
      severity: 'error',
      from: { path: `^main/(${services})/` },
      to: { path: `^main/(${services})/`, pathNot: '^main/$1/' },
    },
    {
      name: 'workflows-are-above',
      comment: 'what changes two services; main/index.ts hands a service what it needs of one',
      severity: 'error',
      from: { path: '^main/', pathNot: '^main/workflows/|^main/index\\.ts$' },
      to: { path: '^main/workflows/' },
    },
    {
      name: 'engine-knows-no-service',
      severity: 'error',
      from: { path: '^main/(engine|desktop)/' },
      to: { path: `^main/(${services})/|^main/index\\.ts$` },
    },
    {
      name: 'engine-api-is-below',
      comment: 'an engine is reached (connect) and followed (sync) by its API, which knows neither',
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
      name: 'engine-sync-is-below-the-face',
      severity: 'error',
      from: { path: '^main/engine/sync/' },
      to: { path: '^main/engine/', pathNot: '^main/engine/(api|connect|sync)/' },
    },
    {
      name: 'engine-and-desktop-are-no-neighbours',
      severity: 'error',
      from: { path: '^main/(engine|desktop)/' },
      to: { path: '^main/(engine|desktop)/', pathNot: '^main/$1/' },
    },
    {
      name: 'ground-floor',
      comment: 'the store, the registry client and the jobs know nothing above them',
      severity: 'error',
      from: { path: '^main/(jobs|registry|store)/' },
      to: { path: '^main/', pathNot: '^main/(jobs|registry|store)/' },
    },
    {
      name: 'by-the-face',
      comment: 'a room is entered by its index.ts',
      severity: 'error',
      from: { path: '^(main)/([^/]+)/' },
      to: { path: '^main/[^/]+/.', pathNot: '^main/$2/|^main/[^/]+/index\\.ts$' },
    },
    {
      name: 'by-the-face-from-the-root',
      severity: 'error',
      from: { path: '^main/index\\.ts$' },
      to: { path: '^main/[^/]+/.', pathNot: '^main/[^/]+/index\\.ts$' },
    },
    {
      name: 'no-orphan',
      comment: 'a file that nobody imports is dead, or a way in that stands here',
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
