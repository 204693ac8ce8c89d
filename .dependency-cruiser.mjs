// The rules of the rooms (CONTRIBUTING.md, "The map"): who may import whom. An arrow goes down or not at all.
/** Small libraries that parse text, which the model may use. */
const parsers = 'jsonc-parser|ipaddr\\.js'
const services = 'images|discover|transfer|mirrors|containers|doctor|settings'

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
      name: 'services-are-no-neighbours',
      comment: 'what a service needs of another, main/index.ts hands in as a function',
      severity: 'error',
      from: { path: `^main/(${services})/` },
      to: { path: `^main/(${services})/`, pathNot: '^main/$1/' },
    },
    {
      name: 'engine-knows-no-service',
      severity: 'error',
      from: { path: '^main/(engine|desktop)/' },
      to: { path: `^main/(${services})/|^main/index\\.ts$` },
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
      from: { path: '^main/(store|registry)/|^main/jobs\\.ts$' },
      to: { path: '^main/', pathNot: '^main/(store|registry)/|^main/jobs\\.ts$' },
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
