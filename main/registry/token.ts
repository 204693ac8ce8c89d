/**
 * How a registry lets one in: it names a way with its 401, and a token is had there.
 * Source: distribution docs, spec/auth/token.md and oauth.md.
 */
import * as v from 'valibot'
import { hub } from '../../model/image/reference.ts'
import { isLoopback } from '../../model/image/registry-place.ts'
import { fail, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import type { Credentials } from './credentials.ts'
import type { Http } from './http.ts'

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

const part = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g

/** The ways that a WWW-Authenticate header names, in its order (RFC 9110, 11.6.1). */
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

/** The way in by a token that an answer names, if any. */
export const bearerOf = (answer: { header(name: string): string | undefined }): Challenge | undefined =>
  parseChallenges(answer.header('www-authenticate') ?? '').find(({ scheme }) => scheme === 'bearer')

export interface TokenWish {
  /** The registry's name, `docker.io`; and the host that answered with the challenge. */
  readonly registry: string
  readonly host: string
  /** The repository's path at that host. */
  readonly path: string
  readonly challenge: Challenge
  readonly credentials?: Credentials | undefined
  readonly within?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const answered = v.pipe(
  v.object({ token: v.optional(v.string(), ''), access_token: v.optional(v.string(), '') }),
  v.transform((reply) => reply.token || reply.access_token),
  // It goes into a header as it is.
  v.regex(/^[\x21-\x7e]+$/),
)

/** A token to pull one repository with. */
export async function pullToken(http: Http, wish: TokenWish): Promise<Result<string, RegistryFailure>> {
  const { registry, challenge, credentials, signal } = wish
  const within = wish.within === undefined ? {} : { within: wish.within }
  const realm = URL.parse(challenge.parameters['realm'] ?? '')
  if (!realm || !mayBeAsked(realm, wish.host)) return fail({ code: 'registry-nonsense', host: registry })
  // A registry may name any realm, and the credentials are not for anyone.
  if (credentials && !mayHaveCredentials(realm, wish)) return fail({ code: 'registry-login', host: registry })
  const service = challenge.parameters['service'] ?? ''
  const scope = `repository:${wish.path}:pull`
  if (credentials?.kind === 'identity') {
    const form = { grant_type: 'refresh_token', client_id: 'Slipway', service, scope, refresh_token: credentials.token }
    return http.json(realm, answered, {
      host: registry,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal,
      ...within,
    })
  }
  if (service) realm.searchParams.set('service', service)
  realm.searchParams.set('scope', scope)
  const headers = credentials ? { authorization: basic(credentials) } : {}
  return http.json(realm, answered, { host: registry, headers, signal, ...within })
}

export const basic = ({ username, password }: { readonly username: string; readonly password: string }) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** A registry elsewhere has no say in what is asked on this computer, and http is for this computer alone. */
const mayBeAsked = (realm: URL, host: string) =>
  isLoopback(realm.host)
    ? isLoopback(host) && /^https?:$/.test(realm.protocol) && !realm.username
    : realm.protocol === 'https:' && !realm.username

/** Docker Hub's tokens are made by a host of its own; all others' credentials go to the registry's host alone. */
function mayHaveCredentials(realm: URL, { registry, host }: TokenWish): boolean {
  if (registry === hub && realm.host === 'auth.docker.io') return true
  return realm.hostname === URL.parse(`https://${host}`)?.hostname
}
