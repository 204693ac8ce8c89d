/** The stub's tokens. A client that logs in as `ann` gets another kind of token than an anonymous client. */
import { ann } from '../registry.ts'

const annAuthorization = `Basic ${btoa(`${ann.username}:${ann.password}`)}`

/** @returns a token, anonymous if the client sent no login; undefined if the login is invalid */
export function createToken(authorization: string | undefined) {
  if (authorization !== undefined && authorization !== annAuthorization) return undefined
  const token = `${authorization ? 'account' : 'anonymous'}-${Math.random().toString(36).slice(2)}`
  return { token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() }
}

/** Whether a request has an anonymous token. A request without any token gets a 401 instead. */
export const isAnonymous = (authorization: string | undefined): boolean =>
  authorization?.startsWith('Bearer anonymous-') ?? false
