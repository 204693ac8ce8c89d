/**
 * Logs in to one repository when its registry asks for it: first with an anonymous token, then with stored credentials
 * if there are any. An untrusted registry gets no credentials.
 */
import { createHash } from 'node:crypto'
import { isLoopback, type RepositoryLocation } from '../../model/image/registry-place.ts'
import { fail, type HelperFailure, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { mayNeedLogin, withHelper } from './credential-helper.ts'
import type { Credentials, CredentialStore } from './credentials.ts'
import type { Http, ResponseHead } from './http.ts'
import {
  basicAuthorization,
  parseChallenges,
  requestPullToken,
  type AllowsRealm,
  type Challenge,
  type PullToken,
} from './token.ts'

type RegistryResult<T> = Promise<Result<T, RegistryFailure>>
/** A way to a registry. `origin`: `https://ghcr.io`. `unverified`: without verification of its certificate. */
export interface Channel {
  readonly origin: string
  readonly unverified?: true
}

/** @returns the Authorization header to send through a channel, if any */
export type LoginFor = (channel: Channel) => Readonly<Record<string, string>>
type LoggedInRequest<Reply> = (loginFor: LoginFor) => RegistryResult<Reply>

export interface AuthorizationOptions extends RepositoryLocation {
  readonly http: Http
  /** Absent for an untrusted registry. */
  readonly credentials?: CredentialStore | undefined
  readonly allowsRealm?: AllowsRealm | undefined
  /** Keeps accepted tokens for later authorizations. Absent: a token is forgotten with its authorization. */
  readonly tokens?: TokenCache | undefined
  /** Timeout of a token request in milliseconds. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Authorization {
  /** Sends a request with the Authorization header, if any; if the registry refuses it, logs in and sends it again. */
  send<Reply extends ResponseHead>(request: LoggedInRequest<Reply>): RegistryResult<Reply>
  /** Like `send`, but never logs in. */
  sendOnce<Reply>(request: LoggedInRequest<Reply>): RegistryResult<Reply>
  /** Whether the last request had an Authorization header. */
  readonly isSent: boolean
  /** Adds to a failure that the stored login could not be read, if that is so and a login may be what is missing. */
  explain(failure: RegistryFailure): RegistryFailure
}

/** Authorization headers by repository. Tokens only: a password is never kept. */
export type TokenCache = Map<string, KeptToken>

interface Login {
  readonly header: string
  /** The fingerprint of the stored credentials from which the header comes; undefined if it is anonymous. */
  readonly stored: string | undefined
}

interface KeptToken extends Login {
  readonly untilMs: number
  /** Until when the stored credentials are not read again. */
  readonly checkedUntilMs: number
}

const fingerprintOf = (credentials: Credentials) =>
  createHash('sha256').update(JSON.stringify(credentials)).digest('base64')

/** A token is kept for at most this time, so that what the registry allows to its user stays current. */
const maxCacheSeconds = 300
/**
 * A token is used for at most this time before the stored credentials are read again, so that a logout takes effect. A
 * helper may take seconds, and the requests of one pull follow each other sooner.
 */
const checkSeconds = 10
/** Shorter than the time that a request of the user has, so that a helper without an answer can be named. */
const helperTimeoutMs = 5_000

const nextCheck = () => Date.now() + checkSeconds * 1000

export function createAuthorization(options: AuthorizationOptions): Authorization {
  const { http, registry, host, path, credentials, allowsRealm, tokens, timeoutMs, signal } = options
  const key = `${host}/${path}`
  const cached = tokens?.get(key)
  /** What to send. Requests may run in parallel, and each of them may replace it. */
  let login: Login | undefined = cached && Date.now() < cached.untilMs ? cached : undefined
  let helper: HelperFailure | undefined
  /** Whether the registry has accepted `login`. */
  let isAccepted = login !== undefined

  let credentialsRead: ReturnType<CredentialStore> | undefined
  const readCredentials = () => (credentialsRead ??= credentials?.(registry, { signal, helperTimeoutMs }))

  /** Forgets the kept token if the user has logged out in the meantime, or has logged in as somebody else. */
  async function checkKeptToken() {
    if (cached?.stored === undefined || login !== cached || Date.now() < cached.checkedUntilMs) return
    const stored = await readCredentials()
    signal?.throwIfAborted()
    if (login !== cached) return
    if (stored && stored.kind !== 'helper-failed' && fingerprintOf(stored) === cached.stored) {
      if (tokens?.get(key) === cached) tokens.set(key, { ...cached, checkedUntilMs: nextCheck() })
      return
    }
    tokens?.delete(key)
    login = undefined
    isAccepted = false
  }

  const sendOnce = <Reply>(request: LoggedInRequest<Reply>) =>
    request(({ origin, unverified = false }) =>
      login && (login.stored === undefined || isPrivate({ url: new URL(origin), unverified }))
        ? { authorization: login.header }
        : {},
    )

  /** Some registries answer 403 instead of 401 to anonymous requests. */
  const isRefusal = ({ status }: ResponseHead) => status === 401 || (status === 403 && credentials !== undefined)

  async function send<Reply extends ResponseHead>(request: LoggedInRequest<Reply>): RegistryResult<Reply> {
    await checkKeptToken()
    const sent = login
    const first = await sendOnce(request)
    if (!first.ok) return first
    if (!isRefusal(first.value)) {
      if (sent === login) isAccepted = true
      return first
    }
    // A parallel request has logged in while this one was in flight.
    if (sent !== login) return sendOnce(request)
    // A token that was accepted before may have expired, or its user may have lost access. Anything else would be refused
    // again.
    const mayBeExpired =
      isAccepted && (first.value.status === 401 || sent === cached) && sent?.header.startsWith('Bearer ')
    if (sent !== undefined && !mayBeExpired) return first
    tokens?.delete(key)
    return await logIn(first, request)
  }

  async function logIn<Reply extends ResponseHead>(
    refused: { readonly ok: true; readonly value: Reply },
    request: LoggedInRequest<Reply>,
  ): RegistryResult<Reply> {
    const { unverified } = refused.value
    const challenges = parseChallenges(refused.value.header('www-authenticate') ?? '')
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    let latest: Result<Reply, RegistryFailure> = refused
    if (bearer) {
      const token = await requestToken(bearer, refused.value)
      latest = token.ok ? await sendWithToken(token.value, undefined, request) : token
    }
    if (latest.ok ? !isRefusal(latest.value) : !mayNeedLogin(latest.error)) return latest
    if (!credentials || (!bearer && !challenges.some(({ scheme }) => scheme === 'basic'))) return latest
    const stored = await readCredentials()
    signal?.throwIfAborted()
    if (!stored) return latest
    if (stored.kind === 'helper-failed') {
      helper = stored.failure
      return latest.ok ? latest : fail(withHelper(latest.error, helper))
    }
    if (!isPrivate(refused.value))
      return fail({ code: 'registry-login', host: registry, reason: unverified ? 'unverified' : 'unencrypted' })
    if (bearer) {
      const token = await requestToken(bearer, refused.value, stored)
      return token.ok ? await sendWithToken(token.value, stored, request) : token
    }
    if (stored.kind !== 'password') return fail({ code: 'registry-login', host: registry })
    return await sendWith({ header: basicAuthorization(stored), stored: fingerprintOf(stored) }, request)
  }

  async function requestToken(challenge: Challenge, { url, unverified, referrer }: ResponseHead, stored?: Credentials) {
    const token = await requestPullToken(http, {
      ...{ registry, host, path, challenge, credentials: stored, allowsRealm, timeoutMs, signal },
      ...{ protocol: url.protocol, unverified, referrer },
    })
    return token.ok ? token : fail(withRealm(token.error, challenge, host))
  }

  async function sendWith<Reply extends ResponseHead>(
    newLogin: Login,
    request: LoggedInRequest<Reply>,
  ): RegistryResult<Reply> {
    login = newLogin
    isAccepted = false
    const response = await sendOnce(request)
    if (response.ok && !isRefusal(response.value) && login === newLogin) isAccepted = true
    return response
  }

  async function sendWithToken<Reply extends ResponseHead>(
    { token, expiresInSeconds }: PullToken,
    credentialsUsed: Credentials | undefined,
    request: LoggedInRequest<Reply>,
  ): RegistryResult<Reply> {
    const untilMs = Date.now() + Math.min(expiresInSeconds, maxCacheSeconds) * 1000
    const newLogin = { header: `Bearer ${token}`, stored: credentialsUsed && fingerprintOf(credentialsUsed) }
    const response = await sendWith(newLogin, request)
    if (isAccepted && login === newLogin) tokens?.set(key, { ...newLogin, untilMs, checkedUntilMs: nextCheck() })
    return response
  }

  return {
    send,
    sendOnce,
    get isSent() {
      return login !== undefined
    },
    explain: (failure) => (helper ? withHelper(failure, helper) : failure),
  }
}

/** Names the realm's host in place of the registry if that host gave no answer: the registry has answered. */
function withRealm(failure: RegistryFailure, { parameters }: Challenge, host: string): RegistryFailure {
  const realm = URL.parse(parameters['realm'] ?? '')
  if (!realm || realm.host === URL.parse(`https://${host}`)?.host) return failure
  return failure.code === 'registry-unreachable' ||
    failure.code === 'registry-slow' ||
    failure.code === 'registry-proxy'
    ? { ...failure, host: realm.host }
    : failure
}

/**
 * Whether stored credentials may be sent to a URL: over verified https, or to this computer. Docker also sends them over
 * plain HTTP, and without verification, to the registries that the engine is told to trust. Slipway does not: that trust
 * is about the engine's network, and this computer may be in another one, or an attacker may have blocked https.
 */
const isPrivate = ({ url: { protocol, host }, unverified }: Pick<ResponseHead, 'url' | 'unverified'>) =>
  isLoopback(host) || (protocol === 'https:' && !unverified)
