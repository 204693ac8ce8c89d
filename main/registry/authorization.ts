/**
 * Logs in to one repository when its registry asks for it: first with an anonymous token, then with stored credentials
 * if there are any. An untrusted registry gets no credentials.
 */
import type { RepositoryLocation } from '../../model/image/registry-place.ts'
import { fail, type HelperFailure, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { mayNeedLogin, withHelper } from './credential-helper.ts'
import type { Credentials, CredentialStore } from './credentials.ts'
import type { Http, ResponseHead } from './http.ts'
import { basicAuthorization, parseChallenges, requestPullToken, type Challenge, type PullToken } from './token.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>
type Headers = Readonly<Record<string, string>>

export interface AuthorizationOptions extends RepositoryLocation {
  readonly http: Http
  /** Absent for an untrusted registry. */
  readonly credentials?: CredentialStore | undefined
  /** Keeps accepted tokens for later authorizations. Absent: a token is forgotten with its authorization. */
  readonly tokens?: TokenCache | undefined
  /** Timeout of a token request in milliseconds. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Authorization {
  /** Sends a request with the Authorization header, if any; if the registry refuses it, logs in and sends it again. */
  send<Reply extends ResponseHead>(request: (headers: Headers) => RegistryResult<Reply>): RegistryResult<Reply>
  /** Like `send`, but never logs in. */
  sendOnce<Reply>(request: (headers: Headers) => RegistryResult<Reply>): RegistryResult<Reply>
  /** Whether the last request had an Authorization header. */
  readonly isSent: boolean
  /** Adds to a failure that the stored login could not be read, if that is so and a login may be what is missing. */
  explain(failure: RegistryFailure): RegistryFailure
}

/** Authorization headers by repository. Tokens only: a password is never kept. */
export type TokenCache = Map<string, { readonly header: string; readonly untilMs: number }>

/** A token is kept for at most this time, so that a `docker logout` takes effect. */
const maxCacheSeconds = 300
/** Shorter than the time that a request of the user has, so that a helper without an answer can be named. */
const helperTimeoutMs = 5_000

export function createAuthorization(options: AuthorizationOptions): Authorization {
  const { http, registry, host, path, credentials, tokens, timeoutMs, signal } = options
  const key = `${host}/${path}`
  const cached = tokens?.get(key)
  /** The header to send. Requests may run in parallel, and each of them may replace it. */
  let header = cached && Date.now() < cached.untilMs ? cached.header : undefined
  let helper: HelperFailure | undefined
  /** Whether the registry has accepted `header`. */
  let isAccepted = header !== undefined

  const sendOnce = <Reply>(request: (headers: Headers) => RegistryResult<Reply>) =>
    request(header === undefined ? {} : { authorization: header })

  /** Some registries answer 403 instead of 401 to anonymous requests. */
  const isRefusal = ({ status }: ResponseHead) => status === 401 || (status === 403 && credentials !== undefined)

  async function send<Reply extends ResponseHead>(
    request: (headers: Headers) => RegistryResult<Reply>,
  ): RegistryResult<Reply> {
    const sent = header
    const first = await sendOnce(request)
    if (!first.ok) return first
    if (!isRefusal(first.value)) {
      if (sent === header) isAccepted = true
      return first
    }
    // A parallel request has logged in while this one was in flight.
    if (sent !== header) return sendOnce(request)
    // A token that was accepted before may have expired. Anything else would be refused again.
    const mayBeExpired = isAccepted && first.value.status === 401 && sent?.startsWith('Bearer ')
    if (sent !== undefined && !mayBeExpired) return first
    tokens?.delete(key)
    return await logIn(first, request)
  }

  async function logIn<Reply extends ResponseHead>(
    refused: { readonly ok: true; readonly value: Reply },
    request: (headers: Headers) => RegistryResult<Reply>,
  ): RegistryResult<Reply> {
    const challenges = parseChallenges(refused.value.header('www-authenticate') ?? '')
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    let latest: Result<Reply, RegistryFailure> = refused
    if (bearer) {
      const token = await requestToken(bearer)
      latest = token.ok ? await sendWithToken(token.value, request) : token
    }
    if (latest.ok ? !isRefusal(latest.value) : !mayNeedLogin(latest.error)) return latest
    if (!credentials || (!bearer && !challenges.some(({ scheme }) => scheme === 'basic'))) return latest
    const stored = await credentials(registry, { signal, helperTimeoutMs })
    signal?.throwIfAborted()
    if (!stored) return latest
    if (stored.kind === 'helper-failed') {
      helper = stored.failure
      return latest.ok ? latest : fail(withHelper(latest.error, helper))
    }
    if (bearer) {
      const token = await requestToken(bearer, stored)
      return token.ok ? await sendWithToken(token.value, request) : token
    }
    if (stored.kind !== 'password') return fail({ code: 'registry-login', host: registry })
    return await sendWith(basicAuthorization(stored), request)
  }

  const requestToken = (challenge: Challenge, stored?: Credentials) =>
    requestPullToken(http, { registry, host, path, challenge, credentials: stored, timeoutMs, signal })

  async function sendWith<Reply extends ResponseHead>(
    newHeader: string,
    request: (headers: Headers) => RegistryResult<Reply>,
  ): RegistryResult<Reply> {
    header = newHeader
    isAccepted = false
    const response = await sendOnce(request)
    if (response.ok && !isRefusal(response.value) && header === newHeader) isAccepted = true
    return response
  }

  async function sendWithToken<Reply extends ResponseHead>(
    { token, expiresInSeconds }: PullToken,
    request: (headers: Headers) => RegistryResult<Reply>,
  ): RegistryResult<Reply> {
    const untilMs = Date.now() + Math.min(expiresInSeconds, maxCacheSeconds) * 1000
    const newHeader = `Bearer ${token}`
    const response = await sendWith(newHeader, request)
    if (isAccepted && header === newHeader) tokens?.set(key, { header: newHeader, untilMs })
    return response
  }

  return {
    send,
    sendOnce,
    get isSent() {
      return header !== undefined
    },
    explain: (failure) => (helper ? withHelper(failure, helper) : failure),
  }
}
