/**
 * Registry authentication: parses the challenge of a 401 response and requests a pull token.
 * Source: distribution docs, spec/auth/token.md and oauth.md.
 */
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'
import { isLoopback } from '../../model/image/registry-place.ts'
import { fail, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import type { Referrer } from '../../model/registry/address-class.ts'
import type { Credentials } from './credentials.ts'
import { addressFailure } from './failures.ts'
import type { Http } from './http.ts'

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

const part = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g

/** Parses the challenges of a WWW-Authenticate header, in order (RFC 9110, 11.6.1). */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  for (const [, name = '', quoted, bare] of header.matchAll(part)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} })
    else {
      const parameters = challenges.at(-1)?.parameters
      if (parameters) parameters[name.toLowerCase()] = value
    }
  }
  return challenges
}

/** Whether the user allowed to send the login for a registry to the host of its realm. */
export type AllowsRealm = (registry: string, realm: string) => boolean

export interface TokenRequest {
  /** The registry's name, such as `docker.io`. */
  readonly registry: string
  /** The host that sent the challenge. */
  readonly host: string
  /** The protocol over which the challenge arrived. Default: `https:`. */
  readonly protocol?: string
  /** Whether the certificate of that host was not verified. It is not verified for the realm then, if that is the host. */
  readonly unverified?: boolean | undefined
  /** That host with its address, which limits to where its realm may lead. */
  readonly referrer?: Referrer | undefined
  /** The repository's path at that host. */
  readonly path: string
  readonly challenge: Challenge
  readonly credentials?: Credentials | undefined
  readonly allowsRealm?: AllowsRealm | undefined
  /** Timeout in milliseconds. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PullToken {
  readonly token: string
  readonly expiresInSeconds: number
}

/** The lifetime of a token whose reply names none. Source: distribution docs, spec/auth/token.md. */
const defaultLifetimeSeconds = 60
const lifetime = v.fallback(v.optional(v.pipe(v.number(), v.minValue(0))), undefined)
const tokenReply = v.pipe(
  v.object({ token: v.optional(v.string(), ''), access_token: v.optional(v.string(), ''), expires_in: lifetime }),
  v.transform((reply) => ({
    token: reply.token || reply.access_token,
    expiresInSeconds: reply.expires_in ?? defaultLifetimeSeconds,
  })),
  // The token is sent in a header unescaped.
  v.object({ token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)), expiresInSeconds: v.number() }),
)

/** Requests a token to pull from one repository. */
export async function requestPullToken(http: Http, request: TokenRequest): Promise<Result<PullToken, RegistryFailure>> {
  const { registry, challenge, credentials, signal } = request
  const realm = URL.parse(challenge.parameters['realm'] ?? '')
  if (realm && isLoopback(realm.host) && !isLoopback(request.host))
    return fail(addressFailure({ target: realm.host, address: undefined }, registry))
  if (!realm || !isRealmAllowed(realm, request)) return fail({ code: 'registry-invalid-reply', host: registry })
  // A registry may name any host as its realm; do not send credentials to other hosts.
  if (credentials && !mayReceiveCredentials(realm, request))
    return fail({ code: 'registry-realm', host: registry, realm: realm.host })
  const unverified = request.unverified && realm.host === URL.parse(`https://${request.host}`)?.host
  // Credentials are secrets, whatever the host of the challenge is.
  const options = {
    ...{ host: registry, signal, unverified: unverified && !credentials, referrer: request.referrer },
    ...(request.timeoutMs !== undefined && { timeoutMs: request.timeoutMs }),
  }
  const service = challenge.parameters['service'] ?? ''
  const scope = `repository:${request.path}:pull`
  if (credentials?.kind === 'identity') {
    const form = { grant_type: 'refresh_token', client_id: 'Slipway', service, scope, refresh_token: credentials.token }
    return http.json(realm, tokenReply, {
      ...options,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })
  }
  if (service) realm.searchParams.set('service', service)
  realm.searchParams.set('scope', scope)
  const headers = credentials ? { authorization: basicAuthorization(credentials) } : {}
  return http.json(realm, tokenReply, { ...options, headers })
}

export const basicAuthorization = ({ username, password }: { readonly username: string; readonly password: string }) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** A realm must use https, unless it is this computer, or the registry itself was reached over http and is the realm. */
function isRealmAllowed(realm: URL, { host, protocol }: TokenRequest): boolean {
  if (realm.username || !/^https?:$/.test(realm.protocol)) return false
  if (isLoopback(realm.host)) return true
  return realm.protocol === 'https:' || (protocol === 'http:' && realm.host === URL.parse(`http://${host}`)?.host)
}

/** The registry's own host, Docker Hub's token host, and hosts that the user allowed. */
function mayReceiveCredentials(realm: URL, { registry, host, allowsRealm }: TokenRequest): boolean {
  if (registry === hub && realm.host === 'auth.docker.io') return true
  if (realm.hostname === URL.parse(`https://${host}`)?.hostname) return true
  return allowsRealm?.(registry, realm.host) ?? false
}
