/** Asking by HTTP: in time, within size, redirected with care, each fault told as a code. */
import type { Dispatcher } from 'undici'
import * as v from 'valibot'
import { isLoopback } from '../../model/image/registry-place.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { BrokenAnswer, networkFailure, refusal } from './failures.ts'
import { waysThrough, type WayNeeds } from './ways.ts'

export interface Question {
  /** What the user knows the host by, for the failures. */
  readonly host: string
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** All of it, redirects too, in milliseconds. */
  readonly within?: number
  readonly signal?: AbortSignal | undefined
}

export interface Head {
  readonly status: number
  /** The address that answered, after all redirects. */
  readonly url: URL
  header(name: string): string | undefined
}

export interface Answer extends Head {
  readonly body: string
}

/** An answer of which only the head has been read. */
export interface Opened extends Head {
  /** To be read to its end, or left by aborting the question's signal. */
  readonly body: AsyncIterable<Buffer>
}

export interface Http {
  /** Whatever was answered, an error's status too. Rejects only where `signal` was aborted. */
  ask(address: string | URL, question: Question): Promise<Result<Answer, RegistryFailure>>
  /** As `ask`, for what is large: `within` is the time for the head alone. */
  open(address: string | URL, question: Question): Promise<Result<Opened, RegistryFailure>>
  /** The answer as JSON of that shape; a status of 400 or above is a failure. */
  json<Schema extends v.GenericSchema>(
    address: string | URL,
    schema: Schema,
    question: Question,
  ): Promise<Result<v.InferOutput<Schema>, RegistryFailure>>
  close(): Promise<void>
}

interface Needs extends WayNeeds {
  readonly version: string
}

const usualPatience = 10_000
const mostRedirects = 5
const mostBytes = 8_000_000

export function httpClient({ version, ...wayNeeds }: Needs): Http {
  const ways = waysThrough(wayNeeds)
  const agent = { 'user-agent': `Slipway/${version}` }

  /** Follows redirects as far as they may lead. Throws what the library throws. */
  async function follow(address: string | URL, question: Question, over: AbortSignal): Promise<Opened | undefined> {
    const { method = 'GET', body } = question
    let url = new URL(address)
    let headers: Record<string, string> = { ...agent, ...question.headers }
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const sent = { method, headers, signal: over, ...(body !== undefined && { body }) }
      const answer = await once(url, await ways.to(url, over), sent)
      const next = method === 'POST' ? undefined : redirection(answer)
      if (!next) return answer
      await readAll(answer.body)
      if (!mayLead(url, next)) return undefined
      if (next.origin !== url.origin) headers = withoutSecrets(headers)
      url = next
    }
    return undefined
  }

  /** The work within its time, and what it throws as a failure. */
  async function inTime<T>(
    { host, signal, within = usualPatience }: Question,
    work: (over: AbortSignal) => Promise<T | undefined>,
  ): Promise<Result<T, RegistryFailure>> {
    const late = new AbortController()
    const clock = setTimeout(() => late.abort(), within)
    try {
      const done = await work(signal ? AbortSignal.any([signal, late.signal]) : late.signal)
      return done === undefined ? fail({ code: 'registry-redirects', host }) : ok(done)
    } catch (error) {
      signal?.throwIfAborted()
      return fail(late.signal.aborted ? { code: 'registry-slow', host } : networkFailure(error, host))
    } finally {
      clearTimeout(clock)
    }
  }

  const ask: Http['ask'] = (address, question) =>
    inTime(question, async (over) => {
      const opened = await follow(address, question, over)
      return opened && { ...opened, body: await readAll(opened.body) }
    })

  return {
    ask,
    open: (address, question) => inTime(question, (over) => follow(address, question, over)),
    async json(address, schema, question) {
      const asked = await ask(address, { ...question, headers: { accept: 'application/json', ...question.headers } })
      return asked.ok ? readJson(asked.value, schema, question.host) : asked
    },
    close: () => ways.close(),
  }
}

/** An answer's JSON. A web page in its place, or JSON that is cut or of another shape, is nonsense. */
export function readJson<Schema extends v.GenericSchema>(
  answer: Answer,
  schema: Schema,
  host: string,
): Result<v.InferOutput<Schema>, RegistryFailure> {
  if (answer.status >= 400) return fail(refusal(answer, host))
  try {
    return ok(v.parse(schema, JSON.parse(answer.body)))
  } catch {
    return fail({ code: 'registry-nonsense', host, ...(isPage(answer) && { page: true }) })
  }
}

/** Whether an answer is meant for people. */
export const isPage = (answer: Head): boolean => /^\s*text\/html\b/i.test(answer.header('content-type') ?? '')

async function once(
  url: URL,
  way: Dispatcher,
  sent: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'signal' | 'body'>,
): Promise<Opened> {
  const { statusCode, headers, body } = await way.request({
    ...sent,
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
  })
  return {
    status: statusCode,
    url,
    header: (name) => [headers[name] ?? []].flat().join(', ') || undefined,
    body: body as AsyncIterable<Buffer>,
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > mostBytes) throw new BrokenAnswer('too long')
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'UND_ERR_BODY_TIMEOUT') throw error
    throw new BrokenAnswer('cut', { cause: error })
  }
  return Buffer.concat(chunks).toString('utf8')
}

function redirection(answer: Head): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined
  const location = answer.header('location')
  return (location && URL.parse(location, answer.url.href)) || undefined
}

/** Never from https down to http, and never from outside to what runs on this computer. */
function mayLead(from: URL, to: URL): boolean {
  if (isLoopback(to.host)) return isLoopback(from.host) && /^https?:$/.test(to.protocol)
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')
}

const withoutSecrets = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(authorization|cookie)$/i.test(name)))
