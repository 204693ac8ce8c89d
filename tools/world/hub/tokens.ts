/** The stub's tokens: whoever logs in as the stub's one account gets another kind of token than a stranger. */
import { ann } from '../registry.ts'

const known = `Basic ${btoa(`${ann.username}:${ann.password}`)}`

/** @returns undefined if the password is wrong. Without a login the token is a stranger's. */
export function tokenFor(authorization: string | undefined) {
  if (authorization !== undefined && authorization !== known) return undefined
  const word = `${authorization ? 'account' : 'stranger'}-${Math.random().toString(36).slice(2)}`
  return { token: word, access_token: word, expires_in: 300, issued_at: new Date().toISOString() }
}

/** Whether a request carries a stranger's token. One without a token is asked for one first. */
export const isStranger = (authorization: string | undefined): boolean =>
  authorization?.startsWith('Bearer stranger-') ?? false
