/**
 * Pulls an image, and reads an image's media type and platforms from its registry, both through the engine. Source: Docker
 * Engine API, ImageCreate and DistributionInspect.
 */
import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { list, text } from './replies.ts'
import { ask, stream } from './request.ts'
import type { EngineSession } from './session.ts'

/** Registry credentials in the engine's format. Source: Docker Engine API, AuthConfig. */
export type AuthConfig =
  | { readonly username: string; readonly password: string; readonly serveraddress?: string }
  | { readonly identitytoken: string; readonly serveraddress?: string }

interface PullOptions {
  readonly platform?: string | undefined
  readonly login?: AuthConfig | undefined
  readonly signal: AbortSignal
}

/** The classic store sends nothing until a registry replies, and waits up to 15 s for each mirror and registry. */
const pullTimeoutMs = 180_000
const distributionTimeoutMs = 30_000

/**
 * Pulls an image. Streams the engine's progress, one JSON value per line. The engine cancels the pull when the connection
 * closes. Timeout for the first line: 3 min.
 */
export function pullImage(
  session: EngineSession,
  reference: string,
  { platform, login, signal }: PullOptions,
): Promise<IncomingMessage> {
  return stream(session, {
    method: 'POST',
    path: '/images/create',
    query: { fromImage: reference, ...(platform !== undefined && { platform }) },
    ...(login && { headers: { 'X-Registry-Auth': base64Url(login) } }),
    timeoutMs: pullTimeoutMs,
    signal,
  })
}

/** Base64url with padding, which the engine's decoder requires. Node's own `base64url` omits the padding. */
const base64Url = (login: AuthConfig) =>
  Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

const distribution = v.object({
  Descriptor: v.object({ mediaType: text }),
  Platforms: list(v.object({ os: text, architecture: text, variant: text })),
})

/**
 * @returns the media type and platforms that the registry has for a reference. The engine asks the registry.
 * Timeout: 30 s.
 */
export const readDistribution = (session: EngineSession, reference: string) =>
  ask(session, distribution, { path: `/distribution/${reference}/json`, timeoutMs: distributionTimeoutMs })
