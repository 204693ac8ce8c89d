/** Asking by HTTP, for answers that are small: in time, within size, redirected with care, each fault told as a code. */
import type { Dispatcher } from 'undici'
import * as v from 'valibot'
import { isLoopback } from '../../model/registry-place.ts'
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

export interface Answer {
  readonly status: number
  /** The address that answered, after all redirects. */
  readonly url: URL
  readonly body: string
  header(name: string): string | undefined
}

export interface Http {
  /** Whatever was answered, an error's status too. Rejects only where `signal` was aborted. */
  ask(address: string | URL, question: Question): Promise<Result<Answer, RegistryFailure>>
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

  const ask: Http['ask'] = async (address, question) => {
    const { host, method = 'GET', signal, within = usualPatience } = question
    const late = AbortSignal.timeout(within)
    const over = signal ? AbortSignal.any([signal, late]) : late
    try {
      let url = new URL(address)
      let headers: Record<string, string> = { ...agent, ...question.headers }
      for (let redirects = 0; redirects <= mostRedirects; redirects++) {
        const sent = { method, headers, signal: over, ...(question.body !== undefined && { body: question.body }) }
        const answer = await once(url, await ways.to(url), sent)
        const next = method === 'POST' ? undefined : redirection(answer)
        if (!next) return ok(answer)
        if (!mayLead(url, next)) break
        if (next.origin !== url.origin) headers = withoutSecrets(headers)
        url = next
      }
      return fail({ code: 'registry-nonsense', host })
    } catch (error) {
      signal?.throwIfAborted()
      return fail(late.aborted ? { code: 'registry-slow', host } : networkFailure(error, host))
    }
  }

  return {
    ask,
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
    return fail({ code: 'registry-nonsense', host })
  }
}

async function once(
  url: URL,
  way: Dispatcher,
  sent: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'signal' | 'body'>,
): Promise<Answer> {
  const { statusCode, headers, body } = await way.request({
    ...sent,
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
  })
  return {
    status: statusCode,
    url,
    header: (name) => [headers[name] ?? []].flat().join(', ') || undefined,
    body: await readAll(body),
  }
}

async function readAll(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
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

function redirection(answer: Answer): URL | undefined {
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
