/** How a host of the stub misbehaves. */
import type { Answer, HubHost } from './answers.ts'
import { isStranger } from './tokens.ts'

export type Behaviour =
  | 'well'
  /** Answers after two seconds. */
  | 'slow'
  /** Takes the request and never answers. */
  | 'hung'
  /** 429, free again in a minute; the registry limits only manifests. */
  | 'limited'
  /** The same for strangers alone: whoever is logged in is served. */
  | 'limited-without-login'
  /** 200, and the first half of the JSON. */
  | 'truncated'
  /** 200, and a page for people, as captive portals and interstitials do. */
  | 'html'
  /** Breaks off each connection before it says a word. */
  | 'down'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export const slowness = 2_000

/** What takes the place of an answer, if anything does. */
export function misbehaved(
  behaviour: Behaviour,
  {
    host,
    path,
    authorization,
  }: { readonly host: HubHost; readonly path: string; readonly authorization: string | undefined },
): Answer | undefined {
  if (typeof behaviour === 'object') return { ...behaviour, body: { message: `made to answer ${behaviour.status}` } }
  if (behaviour === 'html')
    return {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<!doctype html><html><head><title>Welcome</title></head><body><h1>Please log in to the network</h1></body></html>',
    }
  if (behaviour === 'limited-without-login' && !isStranger(authorization)) return undefined
  if (behaviour !== 'limited' && behaviour !== 'limited-without-login') return undefined
  const seconds = 60
  if (host !== 'registry-1.docker.io')
    return {
      status: 429,
      headers: {
        'x-retry-after': String(Math.ceil(Date.now() / 1000) + seconds),
        'x-ratelimit-limit': '180',
        'x-ratelimit-remaining': '0',
      },
      body: { detail: 'Rate limit exceeded', error: false },
    }
  if (!path.includes('/manifests/')) return undefined
  const message = 'You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit'
  return {
    status: 429,
    headers: { 'retry-after': String(seconds), 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' },
    body: { errors: [{ code: 'TOOMANYREQUESTS', message }] },
  }
}
