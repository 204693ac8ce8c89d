/** Makes calls from the contract's schemas and against them. The same seed makes the same calls. */
import fc from 'fast-check'
import type * as v from 'valibot'
import { calls, type CallName } from '../../../preload/contract/index.ts'
import { hostile, known, longText, oddText, quote, type Source } from './values.ts'

export interface HostileCall {
  /** JavaScript of the name and the input. */
  readonly name: string
  readonly input: string
}
/** Calls that are made one after another. */
export type Sequence = readonly HostileCall[]

/** The kinds of schemas that the inputs are made of. */
type Schema = (
  | v.StringSchema<undefined>
  | v.NumberSchema<undefined>
  | v.BooleanSchema<undefined>
  | v.UndefinedSchema<undefined>
  | v.PicklistSchema<readonly string[], undefined>
  | v.ObjectSchema<Readonly<Record<string, v.GenericSchema>>, undefined>
  | v.ArraySchema<v.GenericSchema, undefined>
  | v.TupleSchema<readonly v.GenericSchema[], undefined>
  | v.RecordSchema<v.GenericSchema<string>, v.GenericSchema, undefined>
  | v.ExactOptionalSchema<v.GenericSchema, undefined>
) & { readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[] }

/** What `inputOf` knows of the place in the input. */
interface Place {
  readonly call: CallName
  /** The nearest key above. */
  readonly key: string
  /** How often a part of the input is something else than the schema says, of 20. */
  readonly hostility: number
}

/** Plans are applied by ids from the answers of these calls. */
const planCalls: Partial<Record<CallName, CallName>> = {
  'removal.apply': 'removal.plan',
  'build-cache.apply': 'build-cache.plan',
  'daemon-config.apply': 'daemon-config.plan',
  'daemon-config.mend': 'daemon-config.check',
}
/** Texts by key that lead further into main than random ones. Most fields of the run dialog are empty. */
const likely: Readonly<Record<string, readonly string[]>> = {
  reference: ['box:1', 'web:1', 'box:latest', 'nginx', 'nginx:1.27', 'alpine', 'alpine@sha256:', 'x'],
  source: [
    '/',
    '/etc',
    '/root',
    '/run/docker.sock',
    '/var/run',
    '//etc/../etc',
    '/proc/self/root/etc',
    '/tmp',
    'data',
    '.',
  ],
  'volumes.target': [...'abcdefghijk'].map((name) => `/${name}`),
  'ports.host': ['127.0.0.1:', '8081', '0.0.0.0:8082', '8083', '8084', '8085', '8086', '8087'],
  'ports.container': ['80', '81', '82', '83/udp', '84/sctp', '85', '86', '87'],
  'environment.name': [...'ABCDEFGHIJK'],
  restart: ['no', 'no', 'no', 'no', 'always'],
  host: ['registry-1.docker.io', '127.0.0.1:1', '8080'],
  realm: ['auth.docker.io', 'evil.example', '127.0.0.1'],
  container: ['80', '80/udp', '1-9'],
  name: ['', '', '', '', '', '', 'one', 'two'],
  value: ['', 'x'],
  command: ['', 'sleep 1000', 'cat', 'sh -c "yes"', 'sh'],
  network: ['', '', '', '', '', '', '', '', '', 'none', 'host', 'bridge', 'container:one'],
  memory: ['', '', '', '', '', '', '', '', '', '64m'],
  cpus: ['', '', '', '', '', '', '', '', '', '0.5'],
  user: ['', '', '', '', '', '', '', '', '', 'nobody', '0:0', '99999999999'],
  workdir: ['', '', '', '', '', '', '', '', '', '/'],
  mirrors: ['https://a.example', 'https://fast.mirror.test', 'http://127.0.0.1:1'],
  text: ['ls\n', 'exit\n', '\u0003', '\u0010\u0011', 'yes &\n'],
  platform: ['linux/amd64', 'linux/arm64/v8'],
  from: ['https://a.example'],
  to: ['https://b.example', 'evil.example'],
  url: ['http://127.0.0.1:8080', 'https://evil.example/', 'http://127.0.0.1:80@evil.example'],
  'engine.switch': ['default', 'other', 'nowhere'],
  'mirrors.add': ['https://a.example', 'a.example', 'http://127.0.0.1:1', 'https://<id>.example'],
  'mirrors.race': ['alpine', 'nginx:1.27'],
  'search.query': ['nginx', 'pg', 'docker pull nginx', 'https://hub.docker.com/_/redis'],
  'search.tags': ['nginx', 'redis', '127.0.0.1:1/x'],
  'window.openLink': ['https://evil.example/', 'http://127.0.0.1:1/'],
}

function inputOf(schema: v.GenericSchema, place: Place): Source {
  const made = valid(schema as Schema, place)
  if (place.hostility === 0) return made
  return fc.oneof({ weight: 20 - place.hostility, arbitrary: made }, { weight: place.hostility, arbitrary: hostile })
}

function valid(schema: Schema, place: Place): Source {
  const inside = (inner: v.GenericSchema, key = place.key) => inputOf(inner, { ...place, key })
  switch (schema.type) {
    case 'undefined':
      return fc.constant('undefined')
    case 'boolean':
      return fc.boolean().map(String)
    case 'picklist':
      return fc.constantFrom(...(likely[place.key] ?? schema.options)).map(quote)
    case 'number':
      return fc.integer(limitsOf(schema)).map(String)
    case 'string':
      return textOf(schema, place)
    case 'exact_optional':
      return inside(schema.wrapped)
    case 'array':
      return fc.array(inside(schema.item), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`)
    case 'tuple':
      return fc.tuple(...schema.items.map((item) => inside(item))).map((items) => `[${items.join(', ')}]`)
    case 'record':
      return fc
        .array(fc.tuple(inside(schema.key), inside(schema.value)), { maxLength: 3 })
        .map((entries) => `Object.fromEntries([${entries.map((entry) => `[${entry.join(', ')}]`).join(', ')}])`)
    case 'object': {
      const { key: parent } = place
      const entries = Object.entries(schema.entries).map(([key, value]) => {
        const path = `${parent}.${key}`
        const source = inside(value, path in likely ? path : key).map((text) => `${quote(key)}: ${text}`)
        return value.type === 'exact_optional' ? fc.option(source, { nil: undefined, freq: 1 }) : source
      })
      return fc.tuple(...entries).map((all) => `{ ${all.filter((entry) => entry !== undefined).join(', ')} }`)
    }
    default:
      throw new Error(`The fuzzer does not know this schema: ${JSON.stringify(schema)}`)
  }
}

const limitsOf = ({ pipe = [] }: Schema) => {
  const limit = (type: string, otherwise: number) =>
    Number(pipe.find((action) => action.type === type)?.requirement ?? otherwise)
  return { min: limit('min_value', -1), max: limit('max_value', 1_000_000) }
}

function textOf({ pipe = [] }: Schema, { call, key }: Place): Source {
  const regex = pipe.find(({ type }) => type === 'regex')?.requirement
  // A container starts only from the image that has the reference.
  if (call === 'run.start' && key === 'image') return fc.constant('box')
  if (call === 'run.start' && key === 'reference') return fc.constant(quote('box:1'))
  const planCall = planCalls[call]
  if (planCall && key !== 'copies') return fc.oneof({ weight: 6, arbitrary: known(planCall) }, known('uuid'))
  if (regex instanceof RegExp && key !== 'platform' && call !== 'window.openLink')
    return known(regex.source.includes('sha256') ? 'image' : 'container')
  const texts = likely[key] ?? likely[call]
  if (texts) {
    const arbitrary = fc.constantFrom(...texts).map(quote)
    return fc.oneof(
      { weight: 12, arbitrary },
      { weight: 1, arbitrary: oddText },
      { weight: 1, arbitrary: known('any') },
    )
  }
  return fc.oneof({ weight: 6, arbitrary: known('uuid') }, { weight: 2, arbitrary: known('any') }, oddText)
}

const names = Object.keys(calls) as CallName[]
/** Calls that disturb all others, or take long, are made less often. */
const rare: ReadonlySet<CallName> = new Set(['engine.switch', 'environment.useTerminalEngine', 'mirrors.race'])
const anyName = fc.oneof(...names.map((name) => ({ weight: rare.has(name) ? 1 : 8, arbitrary: fc.constant(name) })))

const callTo = (call: CallName, hostility: number): fc.Arbitrary<HostileCall> =>
  inputOf(calls[call].input, { call, key: call, hostility }).map((input) => ({ name: quote(call), input }))

const unknownNames = [
  'no.such.call',
  '__proto__',
  'constructor',
  'toString',
  'slipway.event',
  '',
  'engine',
  'ENGINE.STATE',
]
const oddName = fc.oneof(fc.constantFrom(...unknownNames).map(quote), longText, hostile)

/** Calls that lead on from each other, as the window makes them. */
const stories = [
  ['removal.plan', 'removal.apply', 'removal.undo'],
  ['removal.plan', 'removal.apply', 'jobs.cancel'],
  ['build-cache.plan', 'build-cache.apply'],
  ['daemon-config.plan', 'daemon-config.apply', 'jobs.cancel'],
  ['daemon-config.check', 'daemon-config.mend'],
  ['run.suggest', 'run.ports', 'run.start', 'containers.addresses', 'containers.openPage'],
  ['containers.start', 'containers.exitReport', 'containers.removalImpact', 'containers.remove'],
  ['run.start', 'terminals.write', 'terminals.resize', 'terminals.replay', 'terminals.acknowledge', 'terminals.close'],
  ['terminals.open', 'terminals.write', 'terminals.write', 'terminals.close'],
  ['mirrors.add', 'mirrors.change', 'mirrors.swap', 'mirrors.remove'],
] as const satisfies readonly (readonly CallName[])[]

const sequence: fc.Arbitrary<Sequence> = fc.oneof(
  { weight: 40, arbitrary: anyName.chain((name) => fc.tuple(callTo(name, 0))) },
  { weight: 40, arbitrary: anyName.chain((name) => fc.tuple(callTo(name, 4))) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(...stories).chain((story) => fc.tuple(...story.map((name) => callTo(name, 0)))),
  },
  { weight: 4, arbitrary: fc.tuple(fc.record({ name: oddName, input: hostile })) },
)

/** @returns sequences with about as many calls */
export function hostileCalls(seed: number, count: number): readonly Sequence[] {
  const sequences: Sequence[] = []
  let left = count
  for (const made of fc.sample(sequence, { seed, numRuns: count })) {
    if (left <= 0) break
    sequences.push(made)
    left -= made.length
  }
  return sequences
}
