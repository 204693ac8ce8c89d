/**
 * Why an engine could not pull, from its own words: no engine tells a code. Each pattern stands with who writes it; all
 * but those marked *read* were seen on 20.10, 26.1 and 28.5, classic (c) and containerd (d).
 */
import type { Failure } from '../../preload/contract/index.ts'

export interface Asked {
  readonly reference: string
  /** As the user knows it: `docker.io` also where a mirror answered. */
  readonly host: string
  readonly platform: string
}

type Reading = readonly [pattern: RegExp, failure: (asked: Asked, detail: string, found: RegExpExecArray) => Failure]

const login = ({ host }: Asked): Failure => ({ code: 'registry-login', host })
const denied = ({ host }: Asked): Failure => ({ code: 'registry-denied', host })
const limited = ({ host }: Asked): Failure => ({ code: 'registry-limited', host })
const nonsense = ({ host }: Asked): Failure => ({ code: 'registry-nonsense', host })
const slow = ({ host }: Asked): Failure => ({ code: 'registry-slow', host })
const unreachable = ({ host }: Asked, detail: string): Failure => ({ code: 'registry-unreachable', host, detail })
const unknown = ({ reference }: Asked): Failure => ({ code: 'reference-unknown', reference })
const corrupt = ({ reference }: Asked): Failure => ({ code: 'pull-corrupt', reference })
const noPlatform = ({ reference, platform }: Asked): Failure => ({ code: 'platform-missing', reference, platform })

/** The first that fits counts: what stands higher is more certain, or is part of a longer text further down. */
const readings: readonly Reading[] = [
  // write(2)'s ENOSPC, from wherever the engine was writing (read).
  [/no space left on device/, () => ({ code: 'pull-disk-full' })],
  // c: the registry's own code; d: the status.
  [/toomanyrequests|429 Too Many Requests/i, limited],
  // crypto/x509.
  [/x509:|certificate/, ({ host }, detail) => ({ code: 'registry-tls', host, detail })],
  // c: distribution/pull_v2.go; d: containerd images/image.go; 26.1 c: image/store.go after the pull.
  [
    /no matching manifest for|no match for platform in manifest|does not match the specified platform|does not provide the specified platform/,
    noPlatform,
  ],
  // c: encoding/json over a web page, and distribution's errors.go; d: containerd's unpacker over one.
  [
    /invalid character '|unexpected end of JSON input|unexpected media type|error unmarshalling content|unknown: <|error parsing HTTP \d+ response body/,
    nonsense,
  ],
  // c and d: a registry with Basic; c: one whose realm refuses; d 26.1; d 28.5.
  [/no basic auth credentials|unauthorized:|401 Unauthorized|authentication required|incorrect username or/, login],
  // c and d, and the registry's own codes: also what a private repository says to those who are not logged in.
  [
    /manifest unknown|name unknown|repository name not known|manifest for .* not found|repository does not exist or may require/,
    unknown,
  ],
  // d: containerd's resolver.
  [/failed to resolve reference .*: not found/, unknown],
  // c: the registry's own code; d: the status.
  [/\bdenied\b|403 Forbidden/, denied],
  // c and d, with a status that says it is the registry's own fault.
  [
    /unexpected (?:HTTP )?status\b.*?\b(5\d\d)\b/,
    ({ host }, _, found) => ({ code: 'registry-error', host, status: Number(found[1]) }),
  ],
  // c: distribution/pull_v2.go and layer download (read); d: containerd content/helpers.go (read).
  [
    /filesystem layer verification failed|unexpected commit (?:digest|size)|failed size validation|unexpected EOF|manifest verification failed/,
    corrupt,
  ],
  // net: nobody took the connection.
  [/dial (?:tcp|udp)|no such host|connection refused|network is unreachable|no route to host/, unreachable],
  [/request canceled while waiting for connection|proxyconnect/, unreachable],
  // net/http (read): somebody took the connection and kept silent.
  [/i\/o timeout|TLS handshake timeout|Client\.Timeout|context deadline exceeded|timeout awaiting/, slow],
  [
    /connection reset by peer|broken pipe|\bEOF\b|use of closed network connection|server gave HTTP response/,
    unreachable,
  ],
  [/invalid reference format/, ({ reference }) => ({ code: 'reference-wrong', reference })],
]

/** The failure that an engine's message stands for. */
export function pullFailure(message: string, asked: Asked): Failure {
  const detail = tidied(message)
  for (const [pattern, failure] of readings) {
    const found = pattern.exec(detail)
    if (found) return failure(asked, detail, found)
  }
  return { code: 'engine-refused', detail }
}

/** Without docker-modem's preface, and without what follows a `?`: registries put tokens there. */
const tidied = (message: string): string =>
  message
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .replace(/\?[^\s"]*/g, '')
    .trim()
    .slice(0, 500)
