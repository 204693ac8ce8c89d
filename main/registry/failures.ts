/** What an answer, or the lack of one, stands for, as a code. */
import type { RegistryFailure } from '../../preload/contract/index.ts'

/** The answer began well and did not end so: cut, or longer than anything that is asked for here. */
export class BrokenAnswer extends Error {}

/** The failure that an exception of the library, of TLS or of the network stands for. */
export function networkFailure(error: unknown, host: string): RegistryFailure {
  const { code, message } = thrown(error)
  if (error instanceof BrokenAnswer) return { code: 'registry-nonsense', host }
  if (/^(UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT|ETIMEDOUT)$/.test(code)) return { code: 'registry-slow', host }
  if (/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES)/.test(code)) return { code: 'registry-nonsense', host }
  const detail = (code && !message.includes(code) ? `${code} ${message}` : message).trim().slice(0, 200)
  if (/^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/.test(code)) {
    const reason = { CERT_HAS_EXPIRED: 'expired', CERT_NOT_YET_VALID: 'not-yet-valid' } as const
    const dated = code in reason ? { reason: reason[code as keyof typeof reason] } : {}
    return { code: 'registry-tls', host, detail, ...dated }
  }
  const [, reason] = reasons.find(([codes]) => codes.test(code)) ?? []
  return { code: 'registry-unreachable', host, detail, ...(reason && { reason }) }
}

/** The system's own words for what keeps one from a host. Source: errno(3), getaddrinfo(3); undici's UND_ERR_SOCKET. */
const reasons = [
  [/^ENOTFOUND$/, 'no-host'],
  [/^(EAI_AGAIN|ENETUNREACH|ENETDOWN)$/, 'no-network'],
  [/^ECONNREFUSED$/, 'refused'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'cut'],
] as const

interface Refusal {
  readonly status: number
  header(name: string): string | undefined
}

/** The failure that a status of 400 or above stands for. */
export function refusal(answer: Refusal, host: string, now = Date.now()): RegistryFailure {
  if (answer.status === 401) return { code: 'registry-login', host }
  if (answer.status === 403) return { code: 'registry-denied', host }
  if (answer.status !== 429) return { code: 'registry-error', host, status: answer.status }
  const until = retryTime(answer, now)
  return { code: 'registry-limited', host, ...(until !== undefined && { until }) }
}

/** Nobody means more, in seconds. */
const longest = 365 * 86_400

/**
 * When to try again, in seconds since 1970: Docker Hub writes just that into X-Retry-After; Retry-After is either
 * seconds from now or a date (RFC 9110, 10.2.3).
 */
function retryTime({ header }: Refusal, milliseconds: number): number | undefined {
  const now = milliseconds / 1000
  const after = header('retry-after')?.trim() ?? ''
  const times = [
    Number(header('x-retry-after') ?? NaN),
    /^\d+$/.test(after) ? now + Number(after) : Date.parse(after) / 1000,
  ]
  const at = times.find((time) => now < time && time < now + longest)
  return at === undefined ? undefined : Math.round(at)
}

function thrown(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  // Where a name has several addresses, each failed in its own way: the first tells enough.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  const cause = first ?? (/^UND_ERR_(PRX_|SOCKS)/.test(codeOf(error)) ? undefined : error.cause)
  return cause instanceof Error && codeOf(cause)
    ? thrown(cause)
    : { code: codeOf(error), message: error.message || codeOf(error) }
}

const codeOf = (error: Error) => ('code' in error && typeof error.code === 'string' ? error.code : '')
