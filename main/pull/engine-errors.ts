/**
 * Maps an engine's error message of a pull to a failure, because engines send no error codes. The comments name the
 * source of a message: the classic store (c) or containerd (d). All messages were seen on 20.10, 26.1 and 28.5, except
 * those marked *read*, which come from the source code.
 */
import type { Failure } from '../../preload/contract/index.ts'

export interface PullDetails {
  readonly reference: string
  /** The registry of the reference: `docker.io` even if a mirror responded. */
  readonly host: string
  readonly platform: string
}

type ErrorPattern = readonly [
  pattern: RegExp,
  failure: (pull: PullDetails, detail: string, match: RegExpExecArray) => Failure,
]

const login = ({ host }: PullDetails): Failure => ({ code: 'registry-login', host })
const denied = ({ host }: PullDetails): Failure => ({ code: 'registry-denied', host })
const limited = ({ host }: PullDetails): Failure => ({ code: 'registry-limited', host })
const invalidReply = ({ host }: PullDetails): Failure => ({ code: 'registry-invalid-reply', host })
const slow = ({ host }: PullDetails): Failure => ({ code: 'registry-slow', host })
const unreachable = ({ host }: PullDetails, detail: string): Failure => ({ code: 'registry-unreachable', host, detail })
const unknown = ({ reference }: PullDetails): Failure => ({ code: 'reference-unknown', reference })
const corrupt = ({ reference }: PullDetails): Failure => ({ code: 'pull-corrupt', reference })
const noPlatform = ({ reference, platform }: PullDetails): Failure => ({
  code: 'platform-missing',
  reference,
  platform,
})

/** The first match wins, so a more specific pattern comes before others that match the same message. */
const patterns: readonly ErrorPattern[] = [
  // ENOSPC of write(2), from any write of the engine (read).
  [/no space left on device/, () => ({ code: 'pull-disk-full' })],
  // c: the registry's error code; d: the status.
  [/toomanyrequests|429 Too Many Requests/i, limited],
  // crypto/x509.
  [/x509:|certificate/, ({ host }, detail) => ({ code: 'registry-tls', host, detail })],
  // c: distribution/pull_v2.go; d: containerd images/image.go; 26.1 c: image/store.go after the pull.
  [
    /no matching manifest for|no match for platform in manifest|does not match the specified platform|does not provide the specified platform/,
    noPlatform,
  ],
  // c: encoding/json reading a web page, and distribution's errors.go; d: containerd's unpacker reading one.
  [
    /invalid character '|unexpected end of JSON input|unexpected media type|error unmarshalling content|unknown: <|error parsing HTTP \d+ response body/,
    invalidReply,
  ],
  // In order: c and d, registry with Basic; c, realm that refuses; d 26.1; d 28.5.
  [/no basic auth credentials|unauthorized:|401 Unauthorized|authentication required|incorrect username or/, login],
  // c and d, and the registry's error codes. Private repositories respond the same to anonymous clients.
  [
    /manifest unknown|name unknown|repository name not known|manifest for .* not found|repository does not exist or may require/,
    unknown,
  ],
  // d: containerd's resolver.
  [/failed to resolve reference .*: not found/, unknown],
  // c: the registry's error code; d: the status.
  [/\bdenied\b|403 Forbidden/, denied],
  // c and d, with a 5xx status.
  [
    /unexpected (?:HTTP )?status\b.*?\b(5\d\d)\b/,
    ({ host }, _, match) => ({ code: 'registry-error', host, status: Number(match[1]) }),
  ],
  // c: distribution/pull_v2.go and layer download (read); d: containerd content/helpers.go (read).
  [
    /filesystem layer verification failed|unexpected commit (?:digest|size)|failed size validation|unexpected EOF|manifest verification failed/,
    corrupt,
  ],
  // net: the connection failed.
  [/dial (?:tcp|udp)|no such host|connection refused|network is unreachable|no route to host/, unreachable],
  [/request canceled while waiting for connection|proxyconnect/, unreachable],
  // net/http (read): connected, but no response.
  [/i\/o timeout|TLS handshake timeout|Client\.Timeout|context deadline exceeded|timeout awaiting/, slow],
  [
    /connection reset by peer|broken pipe|\bEOF\b|use of closed network connection|server gave HTTP response/,
    unreachable,
  ],
  [/invalid reference format/, ({ reference }) => ({ code: 'reference-invalid', reference })],
]

/** Maps an engine's error message to a failure; `engine-refused` if no pattern matches. */
export function pullFailure(message: string, pull: PullDetails): Failure {
  const detail = sanitize(message)
  for (const [pattern, failure] of patterns) {
    const match = pattern.exec(detail)
    if (match) return failure(pull, detail, match)
  }
  return { code: 'engine-refused', detail }
}

/** Removes docker-modem's prefix, and query strings, because they may contain tokens. */
const sanitize = (message: string): string =>
  message
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .replace(/\?[^\s"]*/g, '')
    .trim()
    .slice(0, 500)
