/** Chooses the undici dispatcher for a host: its proxy, and the certificates that are trusted for it. */
import type * as Undici from 'undici'
import type { Dispatcher } from 'undici'
import { isLoopback } from '../../model/image/registry-place.ts'
import { environmentProxy, proxyUrl, type Proxy } from '../../model/registry/proxy.ts'
import { createCertificates } from './certificates.ts'
import { lookup } from './dns-lookup.ts'

export interface ProxySettings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The desktop's proxy for a URL. Used if the environment has no proxy. */
  readonly desktopProxy?: ((url: string) => Promise<Proxy | undefined>) | undefined
}

export interface Route {
  readonly dispatcher: Dispatcher
  /** The proxy as `host:port`, without its login. */
  readonly proxy: string | undefined
}

export interface Dispatchers {
  /**
   * Rejects if `signal` is aborted while the desktop looks up its proxy.
   * @param isVerified whether to verify the certificate of the URL's host. A proxy's is always verified.
   */
  forUrl(url: URL, signal: AbortSignal, isVerified: boolean): Promise<Route>
  /** @returns undefined if the URL is reached without a proxy. Rejects as `forUrl` does. */
  proxyFor(url: URL, signal: AbortSignal): Promise<Proxy | undefined>
  close(): Promise<void>
}

/** A blocked host often does not respond at all, so the connect timeout is short. */
const connectTimeoutMs = 5_000
/** Time for each address of a host except the last. Node's default of 250 ms is too short for distant hosts. */
const attemptTimeoutMs = 1_500
// undici applies the attempt timeout only if autoSelectFamily is set as well.
const attempts = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptTimeoutMs } as const
const options = {
  // Mirrors and proxies support HTTP/1.1 more reliably than HTTP/2.
  allowH2: false,
  ...attempts,
} as const

export function createDispatchers({ env, desktopProxy }: ProxySettings): Dispatchers {
  const certificates = createCertificates(env)
  const dispatchers = new Map<string, Promise<Dispatcher>>()

  /** Creates a dispatcher on first use: importing undici at startup would delay the app. */
  function getOrCreate(name: string, create: (undici: typeof Undici) => Dispatcher): Promise<Dispatcher> {
    const dispatcher = dispatchers.get(name) ?? import('undici').then(create)
    dispatchers.set(name, dispatcher)
    return dispatcher
  }

  const loopback = () =>
    getOrCreate(
      'loopback',
      ({ Agent }) =>
        // Docker does not verify the certificate of a loopback registry (moby registry/config.go).
        new Agent({ ...options, connect: { timeout: connectTimeoutMs, rejectUnauthorized: false } }),
    )

  async function proxyFor(url: URL, signal: AbortSignal): Promise<Proxy | undefined> {
    const proxy = environmentProxy(env, targetOf(url))
    if (proxy !== 'unset') return proxy === 'direct' ? undefined : proxy
    // A proxy auto-configuration script may be slow.
    const proxyLookup = desktopProxy?.(url.href).catch(() => undefined)
    return proxyLookup && (await Promise.race([proxyLookup, rejectOnAbort(signal)]))
  }

  /**
   * `id`: of the certificates, which are those of one host if it has its own. A host whose certificate is not verified
   * gets no client certificate.
   */
  async function tlsFor({ protocol, host }: Pick<URL, 'protocol' | 'host'>, isVerified: boolean) {
    const timeout = connectTimeoutMs
    if (protocol !== 'https:') return { id: '', tls: { timeout } }
    if (!isVerified) return { id: 'unverified', tls: { timeout, rejectUnauthorized: false } }
    const { id, secureContext } = await certificates.forHost(host)
    return { id, tls: { timeout, ...(secureContext && { secureContext }) } }
  }

  async function dispatcherFor(url: URL, proxy: Proxy | undefined, isVerified: boolean): Promise<Dispatcher> {
    const { id, tls } = await tlsFor(url, isVerified)
    if (!proxy)
      return getOrCreate(`direct ${id}`, ({ Agent }) => new Agent({ ...options, connect: { ...tls, lookup } }))
    const [uri, requestTls] = [proxyUrl(proxy), { ...tls, allowH2: false }]
    // The certificates of a registry, above all its client certificate, are not meant for the proxy.
    const proxyTls = await tlsFor(new URL(uri), true)
    return getOrCreate(`${uri} ${proxyTls.id} ${id}`, ({ buildConnector, ProxyAgent, Socks5ProxyAgent }) => {
      const toProxy = { ...proxyTls.tls, ...attempts, lookup, allowH2: false }
      return proxy.kind === 'socks5'
        ? // The proxy resolves the host's name, as with Go.
          new Socks5ProxyAgent(uri, { ...options, connect: buildConnector(toProxy), requestTls })
        : new ProxyAgent({ ...options, uri, proxyTls: toProxy, requestTls })
    })
  }

  return {
    proxyFor,
    async forUrl(url, signal, isVerified) {
      if (isLoopback(url.host)) return { dispatcher: await loopback(), proxy: undefined }
      const proxy = await proxyFor(url, signal)
      return { dispatcher: await dispatcherFor(url, proxy, isVerified), proxy: proxy?.host }
    },
    async close() {
      await Promise.all([...dispatchers.values()].map(async (dispatcher) => (await dispatcher).destroy()))
    },
  }
}

const targetOf = ({ protocol, hostname, port }: URL) => {
  const scheme = protocol === 'http:' ? 'http' : 'https'
  return {
    scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (scheme === 'http' ? 80 : 443),
  } as const
}

const rejectOnAbort = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
