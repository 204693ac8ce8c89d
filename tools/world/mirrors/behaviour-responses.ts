/** Responses that a mirror gives because of its behaviour, without asking the registry. */
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { StubResponse } from '../hub/responses.ts'
import type { MirrorBehaviour, RegistryTarget } from './behaviour.ts'

export interface MirrorRequest extends RegistryTarget {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
}

/**
 * @param tokens the tokens that the mirror accepts; a valid token that it issues is added
 * @returns undefined if the request must be answered by the registry
 */
export function findBehaviourResponse(
  behaviour: MirrorBehaviour,
  request: MirrorRequest,
  tokens: Set<string>,
): StubResponse | undefined {
  return (
    respondToAnyResource(behaviour, request) ??
    respondToLogin(behaviour, request, tokens) ??
    respondForRepository(behaviour, request)
  )
}

/** The responses that replace any requested resource. */
function respondToAnyResource(
  { answers }: MirrorBehaviour,
  { method, url, headers, ...target }: MirrorRequest,
): StubResponse | undefined {
  if (typeof answers === 'number') return { status: answers, body: { message: `made to answer ${answers}` } }
  if (answers === 'html') return htmlPage
  if (answers === 'html-to-browsers') return headers['user-agent']?.startsWith('Mozilla/') ? htmlPage : undefined
  if (answers === 'anything' || (answers === 'any-head' && method === 'HEAD')) return plausibleResponse(target)
  if (answers !== 'redirects') return undefined
  // A new URL each time, so that a client cannot detect the endless redirects by a repeated URL.
  const next = new URL(url)
  next.searchParams.set('round', String(Number(url.searchParams.get('round') ?? 0) + 1))
  return { status: 302, headers: { location: next.href }, body: '' }
}

/** @see https://distribution.github.io/distribution/spec/auth/token/ */
function respondToLogin(
  { login }: MirrorBehaviour,
  { resource, repository, url, headers }: MirrorRequest,
  tokens: Set<string>,
) {
  if (!login) return undefined
  if (resource === 'token') {
    if (login === 'nobody') return errorResponse(401, 'UNAUTHORIZED', 'authentication required')
    if (login === 'forbidden') return errorResponse(403, 'DENIED', 'not from where you are')
    const token = `token-${randomBytes(12).toString('hex')}`
    if (login === 'anyone') tokens.add(token)
    return { status: 200, body: { token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() } }
  }
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (token && tokens.has(token)) return undefined
  const challenge = [`Bearer realm="${url.origin}/token"`, `service="${url.hostname}"`]
  if (repository) challenge.push(`scope="repository:${repository}:pull"`)
  if (token) challenge.push('error="insufficient_scope"')
  const unauthorized = errorResponse(401, 'UNAUTHORIZED', 'authentication required')
  return { ...unauthorized, headers: { 'www-authenticate': challenge.join(',') } }
}

/** The responses that replace resources of a repository. */
function respondForRepository(
  { allows, throttles, answers, hidesTags }: MirrorBehaviour,
  { resource, repository }: MirrorRequest,
) {
  if (!repository) return undefined
  if (throttles) {
    const tooManyRequests = errorResponse(429, 'TOOMANYREQUESTS', 'too many requests')
    if (throttles === 'without-header') return tooManyRequests
    const headers =
      'retryAfter' in throttles
        ? { 'retry-after': String(throttles.retryAfter) }
        : { 'x-retry-after': String(Math.ceil(throttles.xRetryAfter.getTime() / 1000)) }
    return { ...tooManyRequests, headers }
  }
  if (allows && !allows.includes(repository)) return errorResponse(403, 'DENIED', 'this image is not on the allow-list')
  if (answers === 'name-unknown') return errorResponse(404, 'NAME_UNKNOWN', 'repository name not known to registry')
  if (answers === 'manifest-unknown') return errorResponse(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  if (hidesTags && resource === 'tags') return { status: 200, body: { name: repository, tags: [] } }
  return undefined
}

const errorResponse = (status: number, code: string, message: string): StubResponse => ({
  status,
  body: { errors: [{ code, message, detail: null }] },
})

const htmlPage: StubResponse = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><html><head><title>Docker mirror</title></head><body><h1>Welcome</h1></body></html>',
}

/** A made-up success for any tag or digest, whether or not it exists. */
function plausibleResponse({ resource, repository, reference }: RegistryTarget): StubResponse {
  const randomDigest = () => `sha256:${randomBytes(32).toString('hex')}`
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const digest = reference.startsWith('sha256:') ? reference : randomDigest()
  if (resource === 'manifest') {
    const descriptor = (kind: string) => ({
      mediaType: `application/vnd.docker.${kind}`,
      size: 1_234,
      digest: randomDigest(),
    })
    const body = {
      schemaVersion: 2,
      mediaType: type,
      config: descriptor('container.image.v1+json'),
      layers: [descriptor('image.rootfs.diff.tar.gzip')],
    }
    return { status: 200, headers: { 'content-type': type, 'docker-content-digest': digest }, body }
  }
  if (resource === 'blob')
    return {
      status: 200,
      headers: { 'content-type': 'application/octet-stream', 'docker-content-digest': digest },
      body: 'x'.repeat(1_234),
    }
  return { status: 200, body: resource === 'tags' ? { name: repository, tags: ['latest'] } : {} }
}
