import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pullFailure, type PullDetails } from '../../../main/pull/engine-errors.ts'
import type { Failure } from '../../../preload/contract/index.ts'
import { readCorpus } from '../../corpus/corpus.ts'

const onHub: PullDetails = { reference: 'org/app:1', host: 'docker.io', platform: 'linux/arm64' }
const elsewhere: PullDetails = { ...onHub, reference: 'registry.example/t/x:1', host: 'registry.example' }

describe('the texts from the wild', () => {
  test.each(readCorpus<'text' | 'slipway'>('pull-errors'))('“$text” is read as $slipway', ({ text, slipway }) => {
    const expected = JSON.parse(slipway) as Failure
    const isElsewhere = 'host' in expected && expected.host === elsewhere.host
    expect(pullFailure(text, isElsewhere ? elsewhere : onHub)).toMatchObject(expected)
  })
})

test('a mirror is named as such only if it is one', () => {
  const refusal = (url: string) => pullFailure(`unexpected status from HEAD request to ${url}: 403 Forbidden`, onHub)
  expect(refusal('https://mirror.example/v2/library/x/manifests/1?ns=docker.io')).toMatchObject({ mirror: true })
  expect(refusal('https://registry-1.docker.io/v2/library/x/manifests/1')).toEqual({
    ...{ code: 'registry-denied', host: 'docker.io' },
  })
  expect(refusal('https://cdn.example/registry-v2/docker/registry/v2/blobs/sha256/a/data')).toEqual({
    ...{ code: 'registry-denied', host: 'cdn.example' },
  })
  expect(pullFailure('denied', onHub)).toEqual({ code: 'registry-denied', host: 'docker.io' })
})

test('a connection that breaks before the first layer has kept nothing', () => {
  const cut = (message: string) => pullFailure(message, onHub)
  for (const message of [
    'Get "https://registry-1.docker.io/v2/": EOF',
    'Head "https://a.example/v2/x/manifests/1": EOF',
  ])
    expect(cut(message)).not.toHaveProperty('downloading')
  for (const message of ['unexpected EOF', 'failed to copy: EOF', 'Get "https://a.example/v2/x/blobs/sha256:1": EOF'])
    expect(cut(message)).toMatchObject({ reason: 'cut', downloading: true })
})

test('a login is for the registry, whoever gives its tokens, and an invalid host is not shown', () => {
  const refusal = 'failed to fetch oauth token: unexpected status from GET request to https://H/jwt/auth?scope=repository%3At%2Fx%3Apull: 401 Unauthorized' // prettier-ignore
  expect(pullFailure(refusal.replace('H', 'gitlab.example'), elsewhere)).toEqual({
    ...{ code: 'registry-login', host: 'registry.example' },
  })
  const failure = pullFailure('Get "https://a;reboot/v2/": EOF', elsewhere)
  expect(failure).toMatchObject({ code: 'registry-unreachable', host: 'registry.example' })
})

test('the shown text has no login and no query', () => {
  const text =
    'Get "https://ada:secret@registry.example/v2/?token=hidden": dial tcp: lookup registry.example: no such host'
  expect(pullFailure(text, elsewhere)).toEqual({
    ...{ code: 'registry-unreachable', host: 'registry.example', reason: 'no-host' },
    detail: 'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
  })
})

/** Words that mean something in a message, and others. */
const word = fc.constantFrom(
  ...[
    'denied',
    'x509',
    'certificate',
    'toomanyrequests',
    'eof',
    'unauthorized',
    '503',
    '429',
    'v1-503',
    '403',
    'proxyconnect',
  ],
  ...['export-control', 'quota', 'windows', 'nginx', 'subuid', 'timeout', 'unknown', 'tls', 'dial', 'no-such-host'],
)
const tag = fc.oneof(
  word,
  word.map((text) => text.toUpperCase()),
  fc.constant('EOF'),
)
const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('/'))
const host = fc.tuple(word, fc.constantFrom('', ':503', ':429')).map(([name, port]) => `${name}.example${port}`)

/** Messages with slots for a host (H), a repository's path (P), a tag (T) and a file (F), and their codes. */
const sentences: readonly (readonly [string, Failure['code']])[] = [
  ['manifest for H/P:T not found: manifest unknown: manifest unknown', 'reference-unknown'],
  ['failed to resolve reference "H/P:T": H/P:T: not found', 'reference-unknown'],
  ["pull access denied for P, repository does not exist or may require 'docker login'", 'reference-unknown'],
  ['repository P not found: does not exist or no pull access', 'reference-unknown'],
  ['unexpected status from HEAD request to https://H/v2/P/manifests/T: 403 Forbidden', 'registry-denied'],
  ['unexpected status from HEAD request to https://H/v2/P/manifests/T: 500 Internal Server Error', 'registry-error'],
  [
    'unexpected status from GET request to https://H/v2/P/blobs/T?ns=docker.io: 429 Too Many Requests',
    'registry-limited',
  ],
  [
    'failed to resolve reference "H/P:T": failed to do request: Head "https://H/v2/P/manifests/T": dial tcp: lookup H: no such host',
    'registry-unreachable',
  ],
  ['Head "https://H/v2/P/manifests/T": x509: certificate signed by unknown authority', 'registry-tls'],
  ['Head "https://H/v2/P/manifests/T": http: server gave HTTP response to HTTPS client', 'registry-plain'],
  ['Head "https://H/v2/P/manifests/T": net/http: TLS handshake timeout', 'registry-slow'],
  ['Head "https://H/v2/P/manifests/T": EOF', 'registry-unreachable'],
  ['Head "https://H/v2/P/manifests/T": no basic auth credentials', 'registry-login'],
  ['Head "https://H/v2/P/manifests/T": proxyconnect tcp: dial tcp H: connect: connection refused', 'engine-proxy'],
  ['Head "https://H/v2/P/manifests/T": Forbidden', 'engine-proxy'],
  [
    'image with reference H/P:T was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
    'platform-missing',
  ],
  ['failed to register layer: write /F: no space left on device', 'pull-disk-full'],
  ['failed to register layer: lchown /F: invalid argument', 'engine-ids-missing'],
  ['failed to register layer: open /F: read-only file system', 'engine-refused'],
  ['Error response: H/P:T is not here', 'engine-refused'],
]
const file = fc
  .array(
    fc.oneof(
      word,
      fc.constantFrom('no space left on device', 'x509: certificate', 'EOF', 'a: denied: b', 'unexpected EOF'),
    ),
    { minLength: 1, maxLength: 3 },
  ) // prettier-ignore
  .map((parts) => parts.join('/'))

test.each(sentences)('no name, host or file in “%s” changes its code', (sentence, code) => {
  fc.assert(
    fc.property(host, path, tag, file, fc.boolean(), (hostName, pathName, tagName, fileName, isOnHub) => {
      const slots: Record<string, string> = { H: hostName, P: pathName, T: tagName, F: fileName }
      const message = sentence.replace(/\b[HPTF]\b/g, (slot) => slots[slot]!)
      const details = {
        ...onHub,
        reference: `${hostName}/${pathName}:${tagName}`,
        host: isOnHub ? 'docker.io' : hostName,
      }
      const failure = pullFailure(message, details)
      expect(failure.code === 'registry-denied' && code === 'registry-login' ? code : failure.code).toBe(code)
      expect('host' in failure && message.includes('://') ? failure.host : hostName).toBe(hostName)
    }),
  )
})
