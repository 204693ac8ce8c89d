import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseEndpoint, withoutPassword } from '../../../model/engine/endpoint.ts'
import { sshArguments } from '../../../model/engine/ssh-command.ts'
import { splitShellWords } from '../../../model/text/shell.ts'
import { readCorpus } from '../../corpus/corpus.ts'

/** A result in the words of the corpus: what is connected to, or the fault. */
function outcome(text: string, tls = false): string {
  const parsed = parseEndpoint(text, tls)
  if (!parsed.ok) return `fault:${parsed.fault}`
  const { value } = parsed
  switch (value.kind) {
    case 'unix':
      return `unix://${value.path}`
    case 'tcp': {
      const host = value.host.includes(':') ? `[${value.host.replace('%', '%25')}]` : value.host
      return `${value.https ? 'https' : value.address.split(':', 1)}://${host}:${value.port}${value.pathPrefix}`
    }
    case 'ssh': {
      const args = sshArguments(value)
      return ['ssh', '…', ...args.slice(args.indexOf('-T') + 1)].join(' ')
    }
  }
}

test.each(readCorpus<'value' | 'slipway'>('docker-host'))('$value leads to $slipway', ({ value, slipway }) => {
  expect(outcome(value)).toBe(slipway)
})

test.each([
  ['tcp://', 'tcp://localhost:2376'],
  ['tcp://build', 'tcp://build:2376'],
  ['build:2375', 'tcp://build:2375'],
  [' ', 'tcp://localhost:2376'],
  ['unix://', 'unix:///var/run/docker.sock'],
])('with certificates, %o leads to %s', (value, slipway) => {
  expect(outcome(value, true)).toBe(slipway)
})

/** Texts that are similar to addresses, and some that are not. */
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('tcp', 'unix', 'ssh', '://', ':', '/', '@', '[', ']', '::1', '%25', '%', 'host', '2375', ' ', '-o', '?', '#', '$(', "'", '\\', '\n'), // prettier-ignore
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 9 },
    )
    .map((parts) => parts.join('')),
)

test('every text is an address or has a fault, and the full address means the same', () => {
  fc.assert(
    fc.property(texts, fc.boolean(), (text, tls) => {
      const parsed = parseEndpoint(text, tls)
      if (!parsed.ok) return
      expect(parseEndpoint(parsed.value.address, tls)).toEqual(parsed)
    }),
    { numRuns: 5_000 },
  )
})

test('no address makes ssh or the shell of the other computer read anything but one target and one command', () => {
  const sshTexts = fc.tuple(texts, texts, texts).map(([user, host, path]) => `ssh://${user}@${host}/${path}`)
  fc.assert(
    fc.property(sshTexts, (text) => {
      const parsed = parseEndpoint(text)
      if (!parsed.ok || parsed.value.kind !== 'ssh') return
      const { user, host, port, socket } = parsed.value
      const args = sshArguments(parsed.value)
      const [target, ...command] = args.slice(args.indexOf('--') + 1)
      expect(target).toBe(user === undefined ? host : `${user}@${host}`)
      expect(target).toMatch(/^[^-\s][^\s"'`$\\;&<>|(){}*?!]*$/)
      expect(args.includes('-p')).toBe(port !== undefined)
      const hostOption = socket === undefined ? [] : [`--host=unix://${socket}`]
      expect(splitShellWords(command.join(' '))).toEqual(['docker', ...hostOption, 'system', 'dial-stdio'])
      expect(command.join(' ')).not.toMatch(/["`$\\;&<>|(){}*?!\n]/)
    }),
    { numRuns: 5_000 },
  )
})

test('a password is not part of what is shown', () => {
  expect(withoutPassword('ssh://ada:secret@build/run')).toBe('ssh://ada:…@build/run')
  expect(withoutPassword('tcp://ada:se:cr@t@build:x')).toBe('tcp://ada:…@build:x')
  expect(withoutPassword('ada:secret@build:x')).toBe('ada:…@build:x')
  for (const text of ['ssh://ada@build', 'tcp://build:2375', 'fd://', 'unix:///run/a:b@c.sock', 'build:2375'])
    expect(withoutPassword(text)).toBe(text)
})
