import { expect, test } from 'vitest'
import { progressLines, type ProgressLine } from '../../../main/pull/progress-lines.ts'
import { pullFailure, type PullDetails } from '../../../main/pull/engine-errors.ts'
import { parseTarget } from '../../../main/pull/target.ts'

const target: PullDetails = {
  ...{ reference: '127.0.0.1:5000/t/x:1', host: '127.0.0.1:5000', platform: 'linux/s390x' },
}

/** Errors of Docker 20.10, 26.1 and 28.5. Errors before the first progress line have a prefix of docker-modem. */
test.each([
  [
    '(HTTP code 404) unexpected - manifest for 127.0.0.1:5000/t/x:1 not found: manifest unknown: manifest unknown ',
    'reference-unknown',
  ],
  [
    '(HTTP code 404) unexpected - failed to resolve reference "127.0.0.1:5000/t/x:1": 127.0.0.1:5000/t/x:1: not found ',
    'reference-unknown',
  ],
  [
    "(HTTP code 404) unexpected - pull access denied for 127.0.0.1:5000/t/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied ",
    'reference-unknown',
  ],
  [
    '(HTTP code 500) server error - Head "http://127.0.0.1:5000/v2/t/x/manifests/1": no basic auth credentials ',
    'registry-login',
  ],
  [
    '(HTTP code 500) server error - failed to resolve reference "127.0.0.1:5000/t/x:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials ',
    'registry-login',
  ],
  [
    'failed to fetch anonymous token: unexpected status from GET request to http://127.0.0.1:5000/token?scope=repository%3At%2Fx%3Apull&service=s: 401 Unauthorized',
    'registry-login',
  ],
  ['(HTTP code 401) unexpected - authentication required - incorrect username or password ', 'registry-login'],
  ['(HTTP code 500) server error - denied ', 'registry-denied'],
  ['unexpected status from HEAD request to http://127.0.0.1:5000/v2/t/x/manifests/1: 403 Forbidden', 'registry-denied'],
  [
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating',
    'registry-limited',
  ],
  [
    'unexpected status from HEAD request to http://127.0.0.1:5000/v2/t/x/manifests/1: 429 Too Many Requests',
    'registry-limited',
  ],
  ['received unexpected HTTP status: 503 Service Unavailable', 'registry-error'],
  [
    'unknown: failed to resolve reference "127.0.0.1:5000/t/x:1": unexpected status from HEAD request to http://127.0.0.1:5000/v2/t/x/manifests/1: 500 Internal Server Error',
    'registry-error',
  ],
  ["error unmarshalling content: invalid character '<' looking for beginning of value", 'registry-invalid-reply'],
  ['(HTTP code 500) server error - unknown: <html>hi</html> ', 'registry-invalid-reply'],
  [
    'failed to unpack image on snapshotter overlayfs: unexpected media type text/html for sha256:beb6: not found',
    'registry-invalid-reply',
  ],
  ['children: invalid desc sha256:f7b7: unexpected end of JSON input', 'registry-invalid-reply'],
  [
    'image with reference 127.0.0.1:5000/t/x:1 was found but does not match the specified platform: wanted linux/s390x, actual: linux/amd64',
    'platform-missing',
  ],
  ['no matching manifest for linux/s390x in the manifest list entries', 'platform-missing'],
  ['failed to register layer: write /opt/x: no space left on device', 'pull-disk-full'],
  ['Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', 'registry-unreachable'],
  ['failed to copy: read tcp 127.0.0.1:59568->127.0.0.1:39177: read: connection reset by peer', 'registry-unreachable'],
  [
    'Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'registry-unreachable',
  ],
  ['Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout', 'registry-slow'],
  ['Get "https://10.117.0.1:5000/v2/": x509: certificate signed by unknown authority', 'registry-tls'],
  [
    'failed to resolve reference "10.117.0.1:5000/t/x:1": failed to do request: Head "https://10.117.0.1:5000/v2/t/x/manifests/1": tls: failed to verify certificate: x509: cannot validate certificate for 10.117.0.1 because it doesn\'t contain any IP SANs',
    'registry-tls',
  ],
  ['filesystem layer verification failed for digest sha256:1', 'pull-corrupt'],
  ['something quite new', 'engine-refused'],
])('the error “%s” has the code %s', (message, code) => expect(pullFailure(message, target).code).toBe(code))

test('a failure contains no token, and has the HTTP status if there is one', () => {
  expect(pullFailure('Get "https://cdn.x/blob?sig=secret": dial tcp: lookup cdn.x: no such host', target)).toEqual({
    ...{ code: 'registry-unreachable', host: 'cdn.x', reason: 'no-host' },
    detail: 'Get "https://cdn.x/blob": dial tcp: lookup cdn.x: no such host',
  })
  const status = 'unexpected status from HEAD request to http://127.0.0.1:5000/v2/t/x/manifests/1: 502 Bad Gateway'
  expect(pullFailure(status, target)).toEqual({ code: 'registry-error', host: target.host, status: 502 })
})

test('progress lines are read even if chunks end inside a line or a character, and lines without JSON are skipped', async () => {
  const text = Buffer.from('{"status":"镜像","id":"aa"}\r\n{"status":"Digest: x"}\nnot json\n{"error":"no"}')
  async function* bytes() {
    for (const byte of text) yield Uint8Array.of(byte)
  }
  const lines: ProgressLine[] = []
  for await (const line of progressLines(bytes())) lines.push(line)
  expect(lines).toEqual([{ status: '镜像', id: 'aa' }, { status: 'Digest: x' }, { error: 'no' }])
})

test('a text names exactly one image to pull, or is refused', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  expect(parseTarget('docker.io/library/nginx')).toEqual({ reference: 'nginx:latest', host: 'docker.io' })
  expect(parseTarget(`ghcr.io/a/b:1@${digest}`)).toEqual({ reference: `ghcr.io/a/b@${digest}`, host: 'ghcr.io' })
  for (const invalid of ['', 'Nginx', 'nginx@sha256:12', `nginx@${digest}@${digest}`])
    expect(parseTarget(invalid)).toBeUndefined()
})
