/** What a mirror says by itself, in place of what the registry would answer. */
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from '../hub/answers.ts'
import type { MirrorBehaviour, Place } from './behaviour.ts'

export interface Question extends Place {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
}

/** The answer of its manner, if that has one for this question. `tokens` are those that it has given out. */
export function ownAnswer(manner: MirrorBehaviour, question: Question, tokens: Set<string>): Answer | undefined {
  return general(manner, question) ?? login(manner, question, tokens) ?? particular(manner, question)
}

function general({ answers }: MirrorBehaviour, { part, method, url, headers, ...place }: Question): Answer | undefined {
  if (typeof answers === 'number') return { status: answers, body: { message: `made to answer ${answers}` } }
  if (answers === 'html') return page
  if (answers === 'html-to-browsers') return headers['user-agent']?.startsWith('Mozilla/') ? page : undefined
  if (answers === 'anything' || (answers === 'any-head' && method === 'HEAD')) return likely({ part, ...place })
  if (answers !== 'redirects') return undefined
  const next = new URL(url)
  next.searchParams.set('round', String(Number(url.searchParams.get('round') ?? 0) + 1))
  return { status: 302, headers: { location: next.href }, body: '' }
}

/** Source: https://distribution.github.io/distribution/spec/auth/token/ */
function login({ login }: MirrorBehaviour, { part, repository, url, headers }: Question, tokens: Set<string>) {
  if (!login) return undefined
  if (part === 'token') {
    if (login === 'nobody') return refusal(401, 'UNAUTHORIZED', 'authentication required')
    if (login === 'forbidden') return refusal(403, 'DENIED', 'not from where you are')
    const token = `token-${randomBytes(12).toString('hex')}`
    if (login === 'anyone') tokens.add(token)
    return { status: 200, body: { token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() } }
  }
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (token && tokens.has(token)) return undefined
  const words = [`Bearer realm="${url.origin}/token"`, `service="${url.hostname}"`]
  if (repository) words.push(`scope="repository:${repository}:pull"`)
  if (token) words.push('error="insufficient_scope"')
  const refused = refusal(401, 'UNAUTHORIZED', 'authentication required')
  return { ...refused, headers: { 'www-authenticate': words.join(',') } }
}

function particular({ allows, throttles, answers, hidesTags }: MirrorBehaviour, { part, repository }: Question) {
  if (!repository) return undefined
  if (throttles) {
    const said = refusal(429, 'TOOMANYREQUESTS', 'too many requests')
    if (throttles === 'without-a-word') return said
    const headers =
      'retryAfter' in throttles
        ? { 'retry-after': String(throttles.retryAfter) }
        : { 'x-retry-after': String(Math.ceil(throttles.xRetryAfter.getTime() / 1000)) }
    return { ...said, headers }
  }
  if (allows && !allows.includes(repository)) return refusal(403, 'DENIED', 'this image is not on the allow-list')
  if (answers === 'name-unknown') return refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry')
  if (answers === 'manifest-unknown') return refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  if (hidesTags && part === 'tags') return { status: 200, body: { name: repository, tags: [] } }
  return undefined
}

const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ code, message, detail: null }] },
})

const page: Answer = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><html><head><title>Docker mirror</title></head><body><h1>Welcome</h1></body></html>',
}

function likely({ part, repository, which }: Place): Answer {
  const some = () => `sha256:${randomBytes(32).toString('hex')}`
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const asked = which.startsWith('sha256:') ? which : some()
  if (part === 'manifest') {
    const piece = (kind: string) => ({ mediaType: `application/vnd.docker.${kind}`, size: 1_234, digest: some() })
    const body = {
      schemaVersion: 2,
      mediaType: type,
      config: piece('container.image.v1+json'),
      layers: [piece('image.rootfs.diff.tar.gzip')],
    }
    return { status: 200, headers: { 'content-type': type, 'docker-content-digest': asked }, body }
  }
  if (part === 'blob')
    return {
      status: 200,
      headers: { 'content-type': 'application/octet-stream', 'docker-content-digest': asked },
      body: 'x'.repeat(1_234),
    }
  return { status: 200, body: part === 'tags' ? { name: repository, tags: ['latest'] } : {} }
}
