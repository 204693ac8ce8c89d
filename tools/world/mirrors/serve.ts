/** A mirror's answers: its own where its manner has one, else the registry's, made worse as its manner wants. */
import { randomBytes } from 'node:crypto'
import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bring } from '../hub/on-demand.ts'
import { ownAnswer, type Question } from './answers.ts'
import { digestOf, flipped, falseContent, type Manifest } from './false-content.ts'
import { placeOf, type MirrorBehaviour } from './behaviour.ts'
import { send } from './sending.ts'

export interface Asked {
  readonly host: string
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Absent where nothing was answered. */
  readonly status?: number
  /** Of the answer's body, so far. */
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** When the answer was over, or given up. */
  readonly until?: number
  readonly userAgent: string
  readonly authorization: boolean
  readonly range?: string
}

type Noted = { -readonly [Key in keyof Asked]: Asked[Key] }

export interface ServeWish {
  /** `127.0.0.1:PORT` */
  readonly registry: string
  readonly bring: Bring | undefined
  /** Where its blobs are when they are elsewhere. */
  readonly blobHost: string
  manner(): MirrorBehaviour
  /** Resolves when the manner changes. */
  changed(): Promise<void>
  note(asked: Asked): void
}

export function server({ registry, bring, blobHost, manner, changed, note }: ServeWish) {
  const tokens = new Set<string>()
  const passes = new Set<string>()
  const lies = falseContent(registry)

  return (asked: IncomingMessage, reply: ServerResponse): void => {
    void serve(asked, reply).catch(() => reply.destroy())
  }

  async function serve(asked: IncomingMessage, reply: ServerResponse): Promise<void> {
    asked.resume()
    const { method = 'GET', headers } = asked
    const url = new URL(asked.url ?? '/', `https://${headers.host ?? ''}`)
    const noted = begin(url, asked)
    reply.once('close', () => {
      noted.until = Date.now()
      if (reply.headersSent) noted.status = reply.statusCode
    })
    const question: Question = { ...placeOf(url.pathname), method, url, headers }
    const now = manner()
    const hang = () => changed().then(() => void reply.socket?.destroy())
    if (now.hangs === question.part) return hang()
    if (now.firstByteAfter) await sleep(now.firstByteAfter, undefined, { ref: false })

    const out = { part: question.part, manner, hang, sent: (bytes: number) => void (noted.bytes += bytes) }
    const say = (status: number, fields: Record<string, string>, bytes: Buffer) => {
      reply.writeHead(status, { ...common, ...fields, 'content-length': String(bytes.length) })
      if (method === 'HEAD') return void reply.end()
      return send(pieces(bytes), { ...out, reply, size: bytes.length })
    }
    const own = url.hostname === blobHost ? undefined : ownAnswer(now, question, tokens)
    if (own) {
      const text = typeof own.body === 'string' ? own.body : JSON.stringify(own.body)
      return say(own.status, { 'content-type': 'application/json', ...own.headers }, Buffer.from(text))
    }
    if (question.part === 'blob' && now.blobsElsewhere) {
      if (url.hostname !== blobHost) return say(307, { location: elsewhere(url) }, Buffer.alloc(0))
      if (!passes.has(url.searchParams.get('token') ?? '')) return say(403, {}, Buffer.from('no token'))
    }
    if (question.part === 'manifest') await bring?.(question.repository, question.which)
    const lie = question.part === 'manifest' ? await lieAbout(question, now) : undefined
    if (lie) return say(200, { 'content-type': lie.type, 'docker-content-digest': lie.digest }, lie.bytes)
    const answer = await ask(method, url, question, now)
    if (reply.destroyed) return void answer.destroy()
    reply.once('close', () => answer.destroy())
    const size = Number(answer.headers['content-length']) || undefined
    reply.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...falseDigest(question, now) })
    if (method === 'HEAD') return void reply.end()
    const [, start = 0, whole = size ?? 0] = /bytes (\d+)-\d+\/(\d+)/.exec(answer.headers['content-range'] ?? '') ?? []
    const lying = now.lies === 'blob' && question.part === 'blob' && answer.statusCode! < 300
    await send(lying ? flipped(answer, Number(start), Number(whole)) : answer, { ...out, reply, size })
  }

  function begin(url: URL, { method = 'GET', headers }: IncomingMessage): Noted {
    const noted: Noted = {
      host: url.hostname,
      method,
      path: url.pathname + url.search,
      bytes: 0,
      at: Date.now(),
      userAgent: headers['user-agent'] ?? '',
      authorization: headers.authorization !== undefined,
      ...(headers.range !== undefined && { range: headers.range }),
    }
    note(noted)
    return noted
  }

  function elsewhere(url: URL): string {
    const token = randomBytes(12).toString('hex')
    passes.add(token)
    return `https://${blobHost}${url.pathname}?token=${token}`
  }

  async function lieAbout(question: Question, { lies: kind }: MirrorBehaviour): Promise<Manifest | undefined> {
    const accept = question.headers.accept ?? '*/*'
    const digest = question.which.startsWith('sha256:')
    if (digest && lies.own(question.which)) return lies.own(question.which)
    if (kind === 'tag' && !digest) return lies.underTag(question, accept)
    if (kind === 'manifest' && digest) return lies.underDigest(question, accept)
    return undefined
  }

  async function ask(method: string, url: URL, { headers }: Question, now: MirrorBehaviour): Promise<IncomingMessage> {
    const { host: _, authorization: __, connection: ___, range, ...rest } = headers
    const kept = range !== undefined && !now.ignoresRange ? { ...rest, range } : rest
    const [hostname, port] = registry.split(':')
    const onward = request({ hostname, port, method, path: url.pathname + url.search, headers: kept })
    onward.end()
    const [answer] = (await once(onward, 'response')) as [IncomingMessage]
    return answer
  }
}

const common = { 'docker-distribution-api-version': 'registry/2.0' }

const falseDigest = ({ part }: Question, { lies }: MirrorBehaviour) =>
  lies === 'digest' && part === 'manifest' ? { 'docker-content-digest': digestOf(Buffer.from('another')) } : {}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
