/** How a host of the Docker Hub stub misbehaves. */
import type { StubResponse, HubHost } from './responses.ts'
import { isAnonymous } from './tokens.ts'

export type HubBehaviour =
  | 'normal'
  /** Responds after two seconds. */
  | 'slow'
  /** Accepts requests and never responds. */
  | 'hung'
  /** Responds with 429 and asks to retry after a minute. The registry limits only requests for manifests. */
  | 'limited'
  /** Like `limited`, but only for clients without a login. */
  | 'limited-without-login'
  /** 200, and the first half of the JSON. */
  | 'truncated'
  /** 200 and an HTML page, like a captive portal. */
  | 'html'
  /** Closes each connection before the first byte of TLS. */
  | 'down'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export const slowDelayMs = 2_000

/** @returns undefined if the host must give its usual response, possibly late, truncated or not at all (hub.ts) */
export function misbehaviourResponse(
  behaviour: HubBehaviour,
  {
    host,
    path,
    authorization,
  }: { readonly host: HubHost; readonly path: string; readonly authorization: string | undefined },
): StubResponse | undefined {
  if (typeof behaviour === 'object') return { ...behaviour, body: { message: `made to answer ${behaviour.status}` } }
  if (behaviour === 'html')
    return {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<!doctype html><html><head><title>Welcome</title></head><body><h1>Please log in to the network</h1></body></html>',
    }
  if (behaviour === 'limited-without-login' && !isAnonymous(authorization)) return undefined
  if (behaviour !== 'limited' && behaviour !== 'limited-without-login') return undefined
  const retryAfterSeconds = 60
  if (host !== 'registry-1.docker.io')
    return {
      status: 429,
      headers: {
        'x-retry-after': String(Math.ceil(Date.now() / 1000) + retryAfterSeconds),
        'x-ratelimit-limit': '180',
        'x-ratelimit-remaining': '0',
      },
      body: { detail: 'Rate limit exceeded', error: false },
    }
  if (!path.includes('/manifests/')) return undefined
  const message = 'You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit'
  return {
    status: 429,
    headers: {
      'retry-after': String(retryAfterSeconds),
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '0;w=21600',
    },
    body: { errors: [{ code: 'TOOMANYREQUESTS', message }] },
  }
}
