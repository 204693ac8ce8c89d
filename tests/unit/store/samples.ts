/** A valid example of each file of the store, and functions that find and replace its entries. */
export type Json = unknown
export type Path = readonly (string | number)[]

const change = (at: number) => ({ file: '/etc/docker/daemon.json', at, before: [], after: ['https://a.example'] })
const removal = (job: string) => ({
  job,
  endpoint: 'unix:///var/run/docker.sock',
  until: 2_000_000_000,
  untagged: [{ image: 'sha256:1', reference: 'a:1' }],
  deleted: [{ image: 'sha256:2', references: ['b:1'], file: '/copies/b.tar' }],
})
const pull = (reference: string) => ({ reference, image: 'sha256:1', endpoint: 'unix:///a', at: 1 })
const job = (id: string) => ({
  id,
  subject: { kind: 'undo', restores: 1 },
  state: 'done',
  items: [{ name: 'a:1', state: 'done' }],
  started: 1,
  ended: 2,
})
const section = {
  texts: ['sha256:a', 'COPY a /', 'sha256:c'],
  images: {
    'sha256:1': { layers: [0, 2], history: [1, 10, 0, 1, 0, -1], layersSize: 10 },
    'sha256:2': { layers: [2], history: [], layersSize: 7, contentSize: 5, blobs: [0, 5] },
  },
}

export const samples = {
  settings: { language: 'zh-CN', theme: 'dark' },
  window: { bounds: { x: 1, y: 2, width: 3, height: 4 }, maximized: true, zoom: 1.5 },
  jobs: { jobs: [job('1'), job('2'), job('3')] },
  ledger: { folder: '/copies', removals: [removal('1'), removal('2')], pulls: [pull('a:1'), pull('b:1'), pull('c:1')] },
  mirrors: { own: ['https://a.example', 'https://b.example'], changes: [change(1), change(2), change(3)] },
  layers: { engines: { classic: section, 'containerd unix:///a': section } },
} as const
export type Name = keyof typeof samples

/** The paths of all entries: items of lists and maps. If one entry is invalid, only this entry is left out. */
export const entriesOf = (name: Name): Path[] =>
  ({
    settings: [],
    window: [],
    jobs: listEntries('jobs'),
    ledger: [...listEntries('removals'), ...listEntries('pulls')],
    mirrors: [...listEntries('own'), ...listEntries('changes')],
    layers: Object.keys(samples.layers.engines).flatMap((engine) =>
      Object.keys(section.images).map((image) => ['engines', engine, 'images', image]),
    ),
  })[name].filter((path) => hasPath(samples[name], path))

const listEntries = (key: string): Path[] => [0, 1, 2].map((index) => [key, index])

const hasPath = (value: Json, path: Path): boolean =>
  allPaths(value).some((other) => other.join('\n') === path.join('\n'))

/** The paths of all values inside a value. */
export function allPaths(value: Json): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const key = Array.isArray(value) ? Number(name) : name
    return [[key], ...allPaths(inner).map((path): Path => [key, ...path])]
  })
}

/** A copy in which the value at the path is replaced, or left out if `createReplacement` is undefined. */
export function replaceAtPath(value: Json, [key, ...rest]: Path, createReplacement: (() => Json) | undefined): Json {
  if (key === undefined) return createReplacement?.()
  const entries = Object.entries(value as object).flatMap(([name, inner]): [string, Json][] => {
    if (name !== String(key)) return [[name, inner]]
    return rest.length === 0 && !createReplacement ? [] : [[name, replaceAtPath(inner, rest, createReplacement)]]
  })
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}
