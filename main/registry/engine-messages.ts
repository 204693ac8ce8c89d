/**
 * Maps what an engine says about a registry to a failure, because engines send no error codes. The comments name the
 * source of a message: the classic store (c) or containerd (d). All messages were seen on 20.10, 26.1 and 28.5, except
 * those marked *read*, which come from the source code or from bug reports (tests/corpus/pull-errors.tsv).
 */
import { hub } from '../../model/image/reference.ts'
import type { EngineMessage } from '../../model/pull/engine-message.ts'
import type { RegistryFailure } from '../../preload/contract/index.ts'
import { regionRefusal } from './failures.ts'

interface Question {
  readonly message: EngineMessage
  readonly reference: string
}

type Pattern = readonly [
  pattern: RegExp,
  failure: (question: Question, match: RegExpExecArray) => RegistryFailure | undefined,
]

const hostOf = ({ message }: Question) => message.speaker.host
const limited = ({ message: { speaker, text } }: Question): RegistryFailure => ({
  code: 'registry-limited',
  host: speaker.host,
  // Docker sends no logins to mirrors, so a login would not raise the limit of a mirror.
  ...(speaker.mirror
    ? { mirror: true as const }
    : /unauthenticated pull rate limit/i.test(text) && { anonymous: true as const }),
})
const denied = ({ message: { speaker } }: Question): RegistryFailure => ({
  code: 'registry-denied',
  host: speaker.host,
  ...(speaker.mirror && { mirror: true }),
})
/**
 * Docker sends no logins to mirrors, so a mirror that asks for one does not serve the image. The host of the token may
 * be another one than that of the login.
 */
const login = (question: Question): RegistryFailure =>
  question.message.speaker.mirror ? denied(question) : { code: 'registry-login', host: question.message.registry }
const invalidReply = (question: Question): RegistryFailure => ({
  code: 'registry-invalid-reply',
  host: hostOf(question),
})
const slow = (question: Question): RegistryFailure => ({ code: 'registry-slow', host: hostOf(question) })
const region = (question: Question): RegistryFailure => ({ code: 'registry-region', host: hostOf(question) })
const unknown = ({ reference }: Question): RegistryFailure => ({ code: 'reference-unknown', reference })

type Unreachable = Extract<RegistryFailure, { code: 'registry-unreachable' }>
const unreachable =
  (reason?: Unreachable['reason']) =>
  (question: Question): RegistryFailure => ({
    code: 'registry-unreachable',
    host: hostOf(question),
    detail: question.message.detail,
    ...(reason && { reason }),
  })

const plain = ({ message: { text, speaker } }: Question): RegistryFailure => ({
  code: 'registry-plain',
  host: speaker.host,
  ...(speaker.mirror && { mirror: true }),
  // Go knows a server that speaks HTTP. Any other text may also come from a proxy in between.
  ...((speaker.host === hub || !text.includes('HTTP response')) && { proxy: true }),
})

function untrusted({ message: { detail, text, speaker } }: Question): RegistryFailure {
  const reason = /current time .* is before/.test(text)
    ? 'not-yet-valid'
    : /current time .* is after/.test(text)
      ? 'expired'
      : /signed by unknown authority/.test(text)
        ? 'unknown-authority'
        : undefined
  return { code: 'registry-tls', host: speaker.host, detail, ...(reason && { reason }) }
}

/** @returns the failure for a status of 400 or above */
function refused(question: Question, status: number): RegistryFailure {
  if (status === 401) return login(question)
  if (status === 403) return denied(question)
  if (status === 429) return limited(question)
  if (status === 451) return region(question)
  return { code: 'registry-error', host: hostOf(question), status }
}

/** The first match wins, so a more specific pattern comes before others that match the same message. */
const patterns: readonly Pattern[] = [
  // A web page (read).
  [regionRefusal, region],
  // c: the registry's error code; d: the status. The others: registries of Google and AWS (read).
  [
    /(?:^|: |")too_?manyrequests\b|429 Too Many Requests|\bquota exceeded\b|\brate (?:limit )?exceeded\b|pull rate limit|exceeded the (?:request|pull) limit/i,
    limited,
  ],
  // crypto/tls and net/http. The last is the text of older versions of Go.
  [
    /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake|oversized record received/,
    plain,
  ],
  [/\bx509: |certificate signed by unknown authority|failed to verify certificate/, untrusted],
  // c: a status of a registry or a proxy, with a web page. A page with another status is a page in place of a registry.
  [
    /error parsing HTTP (\d+) response body/,
    (question, [, status]) =>
      /^(?:401|403|429|451|5\d\d)$/.test(status!) ? refused(question, Number(status)) : invalidReply(question),
  ],
  // c: a refusal with a web page as its text (read).
  [/\bdenied: </, denied],
  // c: encoding/json reading a web page, and distribution's errors.go; d: containerd's unpacker reading one.
  [
    /invalid character '|unexpected end of JSON input|malformed HTTP response|unexpected media type|error unmarshalling content|\bunknown: </,
    invalidReply,
  ],
  // Podman lists both codes of Docker Hub for a repository that is private or does not exist (read).
  [/\bdenied: requested access to the resource is denied\s+unauthorized: authentication required/, unknown],
  // In order: c and d, registry with Basic; c, realm that refuses; d 28.5; AWS (read).
  [
    /no basic auth credentials|\bunauthorized: |authentication required|incorrect username or password|authorization token has expired/,
    login,
  ],
  // c and d, and the registry's error codes. Private repositories respond the same to anonymous clients. The last two:
  // Harbor (read).
  [
    /\bmanifest unknown\b|\bname unknown\b|repository name not known|manifest for \S+ not found|repository does not exist or may require|does not exist or no pull access|\bartifact NAME not found|\brepository NAME not found$/,
    unknown,
  ],
  // d: containerd's resolver.
  [/failed to resolve reference \S+ NAME: not found$/, unknown],
  // c: the registry's error code.
  [/(?:^|: )denied(?:: |$)|requested access to the resource is denied/m, denied],
  // c and d.
  [
    /unexpected (?:HTTP )?status\b(?:[^:]*:| code) ([45]\d\d)\b/i,
    (question, [, status]) => refused(question, Number(status)),
  ],
  // net: the name could not be looked up. The error of a lookup may name the DNS server's fault.
  [/lookup NAME: (?:no such host|.*Name or service not known)/, unreachable('no-host')],
  [/lookup NAME: /, unreachable('no-network')],
  // net: the connection failed.
  [/connection refused/, unreachable('refused')],
  [/network is unreachable|network is down/, unreachable('no-network')],
  [/dial (?:tcp|udp)|no route to host|host is down/, unreachable()],
  [/request canceled while waiting for connection/, unreachable()],
  // net/http (read): connected, but no response.
  [/i\/o timeout|TLS handshake timeout|Client\.Timeout|context deadline exceeded|timeout awaiting/, slow],
  [
    /connection reset by peer|read: (?:connection|operation) timed out|bad record MAC|broken pipe|\bEOF$|\bEOF\b[")]|use of closed network connection|short read: /,
    unreachable('cut'),
  ],
  [/http2: .*(?:GOAWAY|connection (?:was )?(?:lost|closed))|stream error: stream ID \d+/, unreachable('cut')],
  [/remote error: tls: |\btls: handshake failure/, unreachable()],
]

/** @returns the failure; undefined if the message is not understood */
export function registryFailureOf(message: EngineMessage, reference: string): RegistryFailure | undefined {
  const question = { message, reference }
  const proxy = proxyFailureOf(message)
  if (proxy) return proxy
  for (const [pattern, failure] of patterns) {
    const match = pattern.exec(message.text)
    if (match) return failure(question, match)
  }
  return undefined
}

/** What proxies that ask for a login answer, with words of their own (read). */
const connectLogin =
  /(?:^|"|\bGet |\bHead )URL"?: (?:Proxy (?:Authentication|Authorization) Required\b|authentication ?required$)/i
/** What a proxy answers to CONNECT, without a number. Old versions of Go write no quotes. @see net/http/transport.go, dialConn */
const connectRefusals =
  /(?:^|"|\bGet |\bHead )URL"?: (?:Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed|Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Timeout)$/

/** The engine has a proxy of its own, whose faults are not the registry's. */
function proxyFailureOf({ text, detail, speaker: { host } }: EngineMessage): RegistryFailure | undefined {
  if (connectLogin.test(text)) return { code: 'engine-proxy', host, reason: 'login', detail }
  if (connectRefusals.test(text)) return { code: 'engine-proxy', host, reason: 'refused', detail }
  const [connect] = /\b(?:proxyconnect|socks connect) tcp\b.*/s.exec(detail) ?? []
  if (connect === undefined) return undefined
  const isPlain = /first record does not look like|HTTP response to HTTPS|oversized record/.test(connect)
  const [, dialled, lookedUp] =
    /\bdial tcp[46]? ((?:\[[\da-f:]+\]|[\w.-]+):\d+)|\blookup ([\w.-]+)/i.exec(connect) ?? []
  const proxy = dialled ?? lookedUp
  // A SOCKS proxy that answers, in the words of golang.org/x/net/internal/socks (read).
  const reason = /authentication failed|no acceptable authentication/.test(connect)
    ? 'login'
    : /: unknown error /.test(connect)
      ? 'refused'
      : 'unreachable'
  return {
    ...{ code: 'engine-proxy', host, reason: isPlain ? 'plain' : reason, detail },
    ...(proxy !== undefined && { proxy }),
  }
}
