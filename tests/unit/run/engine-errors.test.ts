import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toRunFailure } from '../../../main/run/engine-errors.ts'
import { isForeignProgram } from '../../../model/run/exit-cause.ts'
import { defaultRunOptions, type RunOptions } from '../../../model/run/run.ts'
import { readCorpus } from '../../corpus/corpus.ts'

const options: RunOptions = {
  ...defaultRunOptions(`sha256:${'a'.repeat(64)}`, 'app:1'),
  name: 'web',
  ports: [{ host: '8080', container: '80' }],
  volumes: [{ source: '/srv/data', target: '/data', readOnly: false }],
}

/** The other lines are states of a computer (selinux.test.ts). */
const texts = readCorpus<'text' | 'slipway'>('run-errors').filter(({ slipway }) => !slipway.startsWith('label '))

test.each(texts)('“$text” is read as $slipway', ({ text, slipway }) => {
  const { field, ...expected } = JSON.parse(slipway) as { readonly code: string; readonly field?: string | null }
  const failure = toRunFailure(text, options)
  expect(failure).toMatchObject(expected)
  expect({ field: null, ...failure }).toMatchObject(field === undefined ? {} : { field })
})

/** Words that mean something in a message. */
const word = fc.constantFrom(
  ...['network', 'endpoint', 'exec format error', 'port is already allocated', 'No such image', 'restart policy'],
  ...[
    'iptables: No chain/target/match by that name',
    'permission denied',
    'environment variable',
    'web',
    'mount point',
  ],
)
const quoted = (text: string) => JSON.stringify(text)

/** Messages with what the user typed in them. */
const sentences: readonly (readonly [
  string,
  (typed: string) => { message: string; options: Partial<RunOptions> },
  object,
])[] = [
  [
    'a program',
    (typed) => ({ message: `exec: ${quoted(typed)}: executable file not found in $PATH: unknown`, options: {} }),
    { code: 'command-missing' },
  ],
  [
    'a name',
    (typed) => ({
      message: `Conflict. The container name ${quoted(`/${typed}`)} is already in use by container "a"`,
      options: {},
    }),
    { code: 'container-name-taken' },
  ],
  [
    'a folder that does not exist',
    (typed) => ({
      message: `invalid mount config for type "bind": bind source path does not exist: /${typed}`,
      options: { volumes: [{ source: `/${typed}`, target: '/x', readOnly: false }] },
    }),
    { code: 'mount-missing', row: 0 },
  ],
  [
    'a user',
    (typed) => ({
      message: `unable to find user ${typed}: no matching entries in passwd file`,
      options: { user: typed },
    }),
    { code: 'user-unknown' },
  ],
  [
    'a folder in the container',
    (typed) => ({ message: `Cannot mkdir: /${typed} is not a directory`, options: { workdir: `/${typed}` } }),
    { code: 'run-refused', field: 'workdir' },
  ],
]

test.each(sentences)('the text of %s never changes what a message means', (_, build, expected) => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 2 }), (words) => {
      const { message, options: typed } = build(words.join('/'))
      expect(toRunFailure(message, { ...options, ...typed })).toMatchObject(expected)
    }),
  )
})

test('a name of a container or a network is no reason', () => {
  fc.assert(
    fc.property(fc.constantFrom('network', 'endpoint', 'ports', 'iptables', 'denied', 'volumes', 'mount'), (name) => {
      const message = `driver failed programming external connectivity on endpoint ${name} (8d2a): a new fault`
      expect(toRunFailure(message, { ...options, name, network: name })).toEqual({
        code: 'run-refused',
        detail: message,
      })
    }),
  )
})

test('a container that ended at once with “exec format error” had a program for another processor', () => {
  expect(isForeignProgram(255, 'exec /usr/local/bin/app: exec format error')).toBe(true)
  expect(isForeignProgram(1, 'standard_init_linux.go:228: exec user process caused: exec format error\n')).toBe(true)
  const ofCrun = 'exec container process `/usr/local/bin/app`: Exec format error'
  expect(isForeignProgram(1, ofCrun)).toBe(true)
  expect(isForeignProgram(1, `{"msg":"${ofCrun}","level":"error","time":"2026-01-01T00:00:00Z"}`)).toBe(true)
  // Programs write such lines, too.
  expect(isForeignProgram(1, `see: ${ofCrun}`)).toBe(false)
  expect(isForeignProgram(0, 'exec /usr/local/bin/app: exec format error')).toBe(false)
  expect(isForeignProgram(1, 'sh: exec format error')).toBe(false)
  expect(isForeignProgram(255, 'exec /usr/local/bin/app: exec format error\ntrying again')).toBe(false)
})
