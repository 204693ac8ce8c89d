/** The engine's own pull, and what it knows of an image at its registry. */
import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { list, text } from './replies.ts'
import { ask, stream } from './request.ts'
import type { EngineSession } from './session.ts'

/** A login as the engine takes it. Source: Docker Engine API, AuthConfig. */
export type AuthConfig =
  | { readonly username: string; readonly password: string; readonly serveraddress?: string }
  | { readonly identitytoken: string; readonly serveraddress?: string }

interface PullOptions {
  readonly platform?: string | undefined
  readonly login?: AuthConfig | undefined
  readonly signal: AbortSignal
}

/** The classic store says nothing before the registry has answered; it gives a silent one up after 15 s each. */
const pullTimeoutMs = 180_000
const distributionTimeoutMs = 30_000

/** The engine's progress, a JSON text a line. It gives the pull up when nobody listens. Timeout for the first: 3 min. */
export function pullImage(
  session: EngineSession,
  reference: string,
  { platform, login, signal }: PullOptions,
): Promise<IncomingMessage> {
  return stream(session, {
    method: 'POST',
    path: '/images/create',
    query: { fromImage: reference, ...(platform !== undefined && { platform }) },
    ...(login && { headers: { 'X-Registry-Auth': encoded(login) } }),
    timeoutMs: pullTimeoutMs,
    signal,
  })
}

/** With its padding: the engine's decoder wants it. */
const encoded = (login: AuthConfig) =>
  Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

const distribution = v.object({
  Descriptor: v.object({ mediaType: text }),
  Platforms: list(v.object({ os: text, architecture: text })),
})

/** What the registry offers under a name, asked by the engine. Timeout: 30 s. */
export const readDistribution = (session: EngineSession, reference: string) =>
  ask(session, distribution, { path: `/distribution/${reference}/json`, timeoutMs: distributionTimeoutMs })
