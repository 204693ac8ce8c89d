/** Maps HTTP responses and network errors to failure codes. */
import * as v from 'valibot'
import type { RegistryFailure } from '../../preload/contract/index.ts'

export class BodyTooLongError extends Error {}

/** What Docker Hub and Google's registries say to countries that they do not serve. */
export const regionRefusal =
  /Docker is a US company|export control regulations|is not available in your (?:location|country|region)|block access from your country|block all IP addresses that are located/i

/** A host named one that is closer to this computer: see model/registry/address-class.ts. */
export class AddressRefusedError extends Error {
  readonly target: string
  /** The IP address of the target, if that is a name that was resolved. */
  readonly address: string | undefined
  constructor(target: string, address?: string) {
    super(`${target} is out of reach`)
    this.target = target
    this.address = address
  }
}

/** An error of a request through a proxy. */
export class ProxiedError extends Error {
  /** `host:port` */
  readonly proxy: string
  constructor(proxy: string, cause: unknown) {
    super('request through a proxy failed', { cause })
    this.proxy = proxy
  }
}

/** Maps an error thrown by undici, TLS or the network to a failure. */
export function networkFailure(error: unknown, host: string): RegistryFailure {
  if (error instanceof ProxiedError)
    return proxyFailure(error.cause, { host, proxy: error.proxy }) ?? networkFailure(error.cause, host)
  if (error instanceof AddressRefusedError) return addressFailure(error, host)
  const { code, message } = rootCause(error)
  // undici's parser error has no code if chunks are malformed.
  if (error instanceof BodyTooLongError || (error instanceof Error && error.name === 'HTTPParserError'))
    return { code: 'registry-invalid-reply', host }
  if (/^(UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT|ETIMEDOUT)$/.test(code)) return { code: 'registry-slow', host }
  if (/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES)/.test(code)) return { code: 'registry-invalid-reply', host }
  const detail = detailOf({ code, message })
  if (/^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/.test(code)) {
    const [, reason] = tlsReasons.find(([codes]) => codes.test(code)) ?? []
    return { code: 'registry-tls', host, detail, ...(reason && { reason }) }
  }
  const [, reason] = reasons.find(([codes]) => codes.test(code)) ?? []
  return { code: 'registry-unreachable', host, detail, ...(reason && { reason }) }
}

export const addressFailure = (
  { target, address }: Pick<AddressRefusedError, 'target' | 'address'>,
  host: string,
): RegistryFailure => ({ code: 'registry-address', host, target, ...(address !== undefined && { address }) })

/** @returns undefined if the proxy itself works as far as the error tells */
function proxyFailure(error: unknown, names: { host: string; proxy: string }): RegistryFailure | undefined {
  const cause = rootCause(error)
  const [, reason] = proxyErrors.find(([pattern]) => pattern.test(`${cause.code} ${cause.message}`)) ?? []
  if (!reason) return undefined
  return { code: 'registry-proxy', ...names, detail: detailOf(cause), ...(reason !== 'other' && { reason }) }
}

/** Only the connection to the proxy has these errors: it is the proxy that resolves the host and connects to it. */
const proxyErrors = [
  [/^ECONNREFUSED/, 'refused'],
  [/^ENOTFOUND/, 'no-host'],
  // undici, proxy-agent.js (RFC 9110, 15.5.8) and socks5-client.js.
  [/\(407\)|^UND_ERR_SOCKS5_AUTH/, 'login'],
  [/^(EHOSTUNREACH|UND_ERR_PRX_TLS|UND_ERR_SOCKS5_VERSION)/, 'other'],
] as const

const detailOf = ({ code, message }: { code: string; message: string }) =>
  (code && !message.includes(code) ? `${code} ${message}` : message).trim().slice(0, 200)

/** Why TLS failed, by error code. Source: Node's "X509 certificate error codes"; RFC 8446, 6.2. */
const tlsReasons = [
  [/^CERT_HAS_EXPIRED$/, 'expired'],
  [/^CERT_NOT_YET_VALID$/, 'not-yet-valid'],
  [/^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|SELF_SIGNED_CERT|DEPTH_ZERO_)/, 'unknown-authority'],
  // A server's alerts are about the client's certificate.
  [/ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA)$/, 'client-certificate'],
] as const

/** Why a host is unreachable, by error code. Source: errno(3), getaddrinfo(3); undici's UND_ERR_SOCKET. */
const reasons = [
  [/^ENOTFOUND$/, 'no-host'],
  [/^(EAI_AGAIN|ENETUNREACH|ENETDOWN)$/, 'no-network'],
  [/^ECONNREFUSED$/, 'refused'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'cut'],
] as const

interface ErrorResponse {
  readonly status: number
  readonly body?: unknown
  header(name: string): string | undefined
}

/** Maps a response with a status of 400 or above to a failure. */
export function refusalFailure(response: ErrorResponse, host: string, nowMs = Date.now()): RegistryFailure {
  if (response.status === 401) return { code: 'registry-login', host }
  if (response.status === 451 || isRegionRefusal(response)) return { code: 'registry-region', host }
  if (response.status === 403) return { code: 'registry-denied', host }
  if (response.status !== 429) return { code: 'registry-error', host, status: response.status }
  const until = retryTime(response, nowMs)
  return { code: 'registry-limited', host, ...(until !== undefined && { until }) }
}

/**
 * Whether a response to an unknown name or tag comes from a registry: any web server, proxy or captive portal answers 404.
 * @see distribution docs, spec/api.md, "Errors" and "API Version Check"
 */
export function isRegistryReply({ header, body }: ErrorResponse): boolean {
  if (/\bregistry\/2\./.test(header('docker-distribution-api-version') ?? '')) return true
  try {
    return v.is(errorBody, JSON.parse(typeof body === 'string' ? body : ''))
  } catch {
    return false
  }
}

const errorBody = v.object({ errors: v.pipe(v.array(v.object({ code: v.string() })), v.minLength(1)) })

const isRegionRefusal = ({ status, body }: ErrorResponse) =>
  status === 403 && typeof body === 'string' && regionRefusal.test(body)

/** Longer retry delays, in seconds, are ignored as invalid. */
const maxRetrySeconds = 365 * 86_400

/**
 * When to retry, in seconds since 1970. Docker Hub sends X-Retry-After in that unit; Retry-After contains either
 * seconds from now or a date (RFC 9110, 10.2.3).
 */
function retryTime({ header }: ErrorResponse, nowMs: number): number | undefined {
  const now = nowMs / 1000
  const after = header('retry-after')?.trim() ?? ''
  const times = [
    Number(header('x-retry-after') ?? NaN),
    /^\d+$/.test(after) ? now + Number(after) : Date.parse(after) / 1000,
  ]
  const retryAt = times.find((time) => now < time && time < now + maxRetrySeconds)
  return retryAt === undefined ? undefined : Math.round(retryAt)
}

function rootCause(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  // An AggregateError has one error for each address of the host; report the first.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  const cause = first ?? (/^UND_ERR_(PRX_|SOCKS)/.test(codeOf(error)) ? undefined : error.cause)
  return cause instanceof Error && codeOf(cause)
    ? rootCause(cause)
    : { code: codeOf(error), message: error.message || codeOf(error) }
}

const codeOf = (error: Error) => ('code' in error && typeof error.code === 'string' ? error.code : '')
