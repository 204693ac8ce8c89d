/** HTTP requests with a timeout, a size limit and safe redirects. Every failure has a code. */
import type { Dispatcher } from 'undici'
import * as v from 'valibot'
import { isLoopback } from '../../model/image/registry-place.ts'
import { farthest, reachOf, type Referrer } from '../../model/registry/address-class.ts'
import type { Proxy } from '../../model/registry/proxy.ts'
import { fail, ok, type RegistryFailure, type Result } from '../../preload/contract/index.ts'
import { AddressRefusedError, BodyTooLongError, networkFailure, ProxiedError, refusalFailure } from './failures.ts'
import { createDispatchers, type ProxySettings } from './dispatchers.ts'

export interface RequestOptions {
  /** The host name that the user knows, used in failures. */
  readonly host: string
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Timeout in milliseconds for the whole request, including redirects. Default: 10 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
  /** Do not verify the certificate of the address's host. Send no secrets then. */
  readonly unverified?: boolean | undefined
  /** The host that named the address, if the user did not. */
  readonly referrer?: Referrer | undefined
}

export interface ResponseHead {
  readonly status: number
  /** The final URL, after all redirects. */
  readonly url: URL
  /** Whether the certificate of the request's host, which may have redirected the request, was not verified. */
  readonly unverified: boolean
  /** The host that sent the response, for requests to addresses that the response names. */
  readonly referrer: Referrer
  header(name: string): string | undefined
}

export interface HttpResponse extends ResponseHead {
  readonly body: string
}

/** A response whose body has not been read yet. */
export interface StreamingResponse extends ResponseHead {
  /** Read the body to its end, or abort the request's signal. */
  readonly body: AsyncIterable<Buffer>
}

export interface Http {
  /** @returns the response, whatever its status. Rejects only if `signal` is aborted. */
  ask(address: string | URL, options: RequestOptions): Promise<Result<HttpResponse, RegistryFailure>>
  /** Like `ask`, but streams the body: `timeoutMs` covers the response head only. */
  open(address: string | URL, options: RequestOptions): Promise<Result<StreamingResponse, RegistryFailure>>
  /** @returns the body parsed as JSON and validated by `schema`. Fails on a status of 400 or above. */
  json<Schema extends v.GenericSchema>(
    address: string | URL,
    schema: Schema,
    options: RequestOptions,
  ): Promise<Result<v.InferOutput<Schema>, RegistryFailure>>
  /** The proxy for requests to an address; undefined if there is none. Rejects if `signal` is aborted. */
  proxyFor(address: string, signal: AbortSignal): Promise<Proxy | undefined>
  close(): Promise<void>
}

interface Dependencies extends ProxySettings {
  readonly version: string
}

const defaultTimeoutMs = 10_000
/** The longest pause while a response arrives, in milliseconds. */
const pauses = { headersTimeout: 30_000, bodyTimeout: 30_000 } as const
const maxRedirects = 5
const maxBodyBytes = 8_000_000

export function httpClient({ version, ...proxySettings }: Dependencies): Http {
  const dispatchers = createDispatchers(proxySettings)
  const userAgent = { 'user-agent': `Slipway/${version}` }

  /**
   * Sends a request and follows its redirects, except those of a POST. Throws the errors of undici.
   * @returns undefined if a redirect leaves https or there are too many
   */
  async function sendFollowingRedirects(
    address: string | URL,
    options: RequestOptions,
    signal: AbortSignal,
  ): Promise<StreamingResponse | undefined> {
    const { method = 'GET', body, unverified = false } = options
    let url = new URL(address)
    const { host } = url
    let { referrer } = options
    let headers: Record<string, string> = { ...userAgent, ...options.headers }
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const request = { method, headers, signal, ...(body !== undefined && { body }) }
      const isVerified = !unverified || url.host !== host
      const route = await dispatchers.forUrl(url, signal, { isVerified, reach: reachOf(url.origin, referrer) })
      const reply = await sendOnce(url, route.dispatcher, request).catch((error: unknown) => {
        throw route.proxy === undefined ? error : new ProxiedError(route.proxy, error)
      })
      // Each redirect may only narrow the reach.
      const reach = farthest([route.addressClass(), ...(referrer ? [referrer.reach] : [])])
      referrer = { origin: url.origin, isVerified: isVerified && url.protocol === 'https:', reach }
      const response = { ...reply, unverified, referrer }
      const next = method === 'POST' ? undefined : redirectTarget(response)
      if (!next) return response
      await readAll(response.body)
      if (isLoopback(next.host) && !isLoopback(url.host)) throw new AddressRefusedError(next.host)
      if (!isSchemeAllowed(url, next)) return undefined
      if (next.origin !== url.origin) headers = withoutSecrets(headers)
      url = next
    }
    return undefined
  }

  /** Runs `send` with a timeout and turns errors into failures. */
  async function withTimeout<T>(
    { host, signal, timeoutMs = defaultTimeoutMs }: RequestOptions,
    send: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<Result<T, RegistryFailure>> {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), timeoutMs)
    try {
      const response = await send(signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal)
      return response === undefined ? fail({ code: 'registry-redirects', host }) : ok(response)
    } catch (error) {
      signal?.throwIfAborted()
      return fail(timeout.signal.aborted ? { code: 'registry-slow', host } : networkFailure(error, host))
    } finally {
      clearTimeout(timer)
    }
  }

  const ask: Http['ask'] = (address, options) =>
    withTimeout(options, async (signal) => {
      const opened = await sendFollowingRedirects(address, options, signal)
      return opened && { ...opened, body: await readAll(opened.body) }
    })

  return {
    ask,
    open: (address, options) => withTimeout(options, (signal) => sendFollowingRedirects(address, options, signal)),
    async json(address, schema, options) {
      const response = await ask(address, { ...options, headers: { accept: 'application/json', ...options.headers } })
      return response.ok ? readJson(response.value, schema, options.host) : response
    },
    proxyFor: (address, signal) => dispatchers.proxyFor(new URL(address), signal),
    close: () => dispatchers.close(),
  }
}

/**
 * Parses a JSON body. Fails on a status of 400 or above, and with `registry-invalid-reply` if the body is not JSON or
 * does not match `schema`.
 */
export function readJson<Schema extends v.GenericSchema>(
  response: HttpResponse,
  schema: Schema,
  host: string,
): Result<v.InferOutput<Schema>, RegistryFailure> {
  if (response.status >= 400) return fail(refusalFailure(response, host))
  try {
    return ok(v.parse(schema, JSON.parse(response.body)))
  } catch {
    return fail({ code: 'registry-invalid-reply', host, ...(isPage(response) && { page: true }) })
  }
}

/** Whether a response is an HTML page. */
export const isPage = (response: ResponseHead): boolean =>
  /^\s*text\/html\b/i.test(response.header('content-type') ?? '')

async function sendOnce(
  url: URL,
  dispatcher: Dispatcher,
  request: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'signal' | 'body'>,
) {
  const { statusCode, headers, body } = await dispatcher.request({
    ...request,
    ...pauses,
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
  })
  return {
    status: statusCode,
    url,
    header: (name: string) => [headers[name] ?? []].flat().join(', ') || undefined,
    body: body as AsyncIterable<Buffer>,
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new BodyTooLongError()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function redirectTarget(response: ResponseHead): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const location = response.header('location')
  return (location && URL.parse(location, response.url.href)) || undefined
}

/** Forbids redirects from https to http, except between loopback hosts. */
function isSchemeAllowed(from: URL, to: URL): boolean {
  if (isLoopback(to.host)) return /^https?:$/.test(to.protocol)
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')
}

const withoutSecrets = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(authorization|cookie)$/i.test(name)))
