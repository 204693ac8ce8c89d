/**
 * Values for hostile calls, as JavaScript that the page evaluates: so they can be anything that a page can make, and a
 * call that fails can be pasted into the page's console. `known` and `nested` are functions of page.js, `box` is an image.
 */
import fc from 'fast-check'

export type Source = fc.Arbitrary<string>

export const quote = (text: string): string => JSON.stringify(text)

/** Lengths around the limits of the contract, and far beyond. */
const lengths = [0, 1, 64, 65, 71, 72, 200, 201, 255, 256, 300, 301, 400, 401, 4096, 4097, 10_000, 10_001]
const megabytes = [1_000_000, 1_000_001, 4_000_000]

export const oddTexts = [
  ...['', ' ', '\0', '\n', '\r\n', '\t', '-', '--privileged', '-v', '.', '..', '/', '~', '*', '\\', '"', "'", '`id`'],
  ...['$(id)', '${IFS}', '%00', '%2e%2e/', '../../etc/passwd', '/etc/shadow', '/proc/self/root', 'C:\\', 'NaN', '-0'],
  ...['1e309', '0x10', 'null', 'true', '{}', '[]', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then'],
  ...[
    '\ud800',
    '\udc00x',
    'a\ud83d',
    '\u202e',
    '\u2028',
    '\ufeff',
    '\uffff',
    '𝒏𝒈𝒊𝒏𝒙',
    '镜像',
    '，',
    'é'.normalize('NFD'),
  ],
  ...[
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://[::1',
    'https://evil.example/',
    'https://evil.example:99999',
  ],
  ...['http://127.0.0.1:1', 'https://a:b@evil.example', '127.0.0.1:1/x', '[::1]:1/x', 'a'.repeat(64), '0'.repeat(64)],
  ...[
    `sha256:${'0'.repeat(64)}`,
    `box@sha256:${'0'.repeat(64)}`,
    'box:1',
    'BOX:1',
    'box:',
    ':1',
    '@',
    'a/../b',
    'a//b',
  ],
] as const

export const longText: Source = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...lengths).map((length) => `'x'.repeat(${length})`) },
  { weight: 3, arbitrary: fc.constantFrom(...lengths).map((length) => `'\\ud800\\u202e'.repeat(${length})`) },
  { weight: 1, arbitrary: fc.constantFrom(...megabytes).map((length) => `'a/'.repeat(${length / 2})`) },
)

export const oddText: Source = fc.oneof(
  fc.constantFrom(...oddTexts).map(quote),
  longText,
  fc.string({ unit: 'binary', maxLength: 20 }).map(quote),
)

/** Strings of earlier answers, newest first: ids of images, containers and plans, hashes, names. */
export const known = (kind: string): Source =>
  fc.oneof(fc.constant(0), fc.nat(5), fc.nat(200)).map((index) => `known(${quote(kind)}, ${index})`)

const numbers = [
  '0',
  '-0',
  '-1',
  '0.5',
  'NaN',
  'Infinity',
  '-Infinity',
  '2 ** 31',
  '2 ** 53',
  '1e308',
  '5e-324',
] as const
const plain = ['undefined', 'null', 'true', '[]', '{}', '[[]]', '[null]', '[undefined]', '{ length: 3 }'] as const
const odd = [
  ...['1n', '-(2n ** 64n)', 'Object(1n)', 'new String("dark")', 'new Number(1)', 'new Boolean(false)', 'new Date()'],
  ...[
    'new Date(NaN)',
    '/x/g',
    'new Map([["id", 1]])',
    'new Set(["in"])',
    'new Error("x", { cause: {} })',
    'new Uint8Array(9)',
  ],
  ...['new Float64Array([NaN])', 'new ArrayBuffer(8)', 'new DataView(new ArrayBuffer(8))', 'new Array(5)'],
  ...[
    'JSON.parse(\'{"__proto__": { "language": "en", "theme": "dark", "id": "x" }}\')',
    'Object.create({ theme: "dark" })',
  ],
  ...['{ constructor: { prototype: { polluted: 1 } } }', 'JSON.parse(\'{"__proto__": null, "polluted": 1}\')'],
  ...[
    'Object.create(null)',
    '{ get theme() { return "dark" } }',
    'new (class Odd { id = "x" })()',
    '{ $: "same", v: 0 }',
  ],
  ...[
    '{ $: "undefined" }',
    '{ toString: "x", valueOf: 1, toJSON: "y" }',
    '{ then: "x" }',
    'Object.assign([1], { x: 1 })',
  ],
  ...['(() => { const a = {}; a.a = a; return a })()', '(() => { const a = []; a.push(a, a); return a })()'],
  ...['nested(100)', 'nested(900)', '(() => { const a = ["x"]; return { rows: a, choices: a } })()'],
] as const
/** Values that cannot leave the page, and that end there. */
const uncloneable = [
  ...[
    '() => 1',
    'Symbol("x")',
    'Promise.resolve(1)',
    'new Proxy({}, {})',
    'new WeakMap()',
    'document',
    'nested(20_000)',
  ],
  ...['{ get id() { throw new Error("getter") } }', 'new Proxy({}, { ownKeys() { throw new Error("trap") } })'],
] as const
const large = [
  ...['new Uint8Array(1_000_000)', 'Array.from({ length: 60_000 }, (_, i) => i)', 'new Array(1_000_000)'],
  ...[
    'Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => ["k" + i, i]))',
    'Array(20_000).fill("x".repeat(50))',
  ],
] as const

/** Anything, whatever the contract says. */
export const hostile: Source = fc.oneof(
  { weight: 30, arbitrary: oddText },
  { weight: 20, arbitrary: fc.constantFrom(...numbers, ...plain) },
  { weight: 40, arbitrary: fc.constantFrom(...odd) },
  { weight: 20, arbitrary: known('any') },
  { weight: 8, arbitrary: fc.constantFrom(...uncloneable) },
  { weight: 1, arbitrary: fc.constantFrom(...large) },
)
