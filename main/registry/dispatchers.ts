/** Chooses the undici dispatcher for a host: its proxy, and the certificates that are trusted for it. */
import type * as Undici from 'undici'
import type { Dispatcher } from 'undici'
import { isLoopback } from '../../model/image/registry-place.ts'
import { environmentProxy, proxyUrl, type Proxy } from '../../model/registry/proxy.ts'
import { classOfLiteral, isWithin, type AddressClass } from '../../model/registry/address-class.ts'
import { createCertificates } from './certificates.ts'
import { directConnections, type DirectConnections } from './direct-connections.ts'
import { lookup } from './dns-lookup.ts'
import { AddressRefusedError } from './failures.ts'

export interface ProxySettings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The desktop's proxy for a URL. Used if the environment has no proxy. */
  readonly desktopProxy?: ((url: string) => Promise<Proxy | undefined>) | undefined
}

export interface Route {
  readonly dispatcher: Dispatcher
  /** The proxy as `host:port`, without its login. */
  readonly proxy: string | undefined
  /** How close the host is that has just replied. A host behind a proxy counts as public unless its address is named. */
  addressClass(): AddressClass
}

export interface RouteOptions {
  /** Whether to verify the certificate of the URL's host. A proxy's is always verified. */
  readonly isVerified: boolean
  /** The closest class of addresses to connect to. A proxy resolves names itself, so only IP addresses are judged then. */
  readonly reach: AddressClass
}

export interface Dispatchers {
  /**
   * Rejects if `signal` is aborted while the desktop looks up its proxy, and with an AddressRefusedError if the URL has
   * an IP address that is out of reach. If its name has, the requests reject with it.
   */
  forUrl(url: URL, signal: AbortSignal, options: RouteOptions): Promise<Route>
  /** @returns undefined if the URL is reached without a proxy. Rejects as `forUrl` does. */
  proxyFor(url: URL, signal: AbortSignal): Promise<Proxy | undefined>
  close(): Promise<void>
}

interface Pool extends Pick<DirectConnections, 'classOfOrigin'> {
  readonly dispatcher: Dispatcher
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
  const pools = new Map<string, Promise<Pool>>()

  /** Creates a pool on first use: importing undici at startup would delay the app. */
  function getOrCreate(name: string, create: (undici: typeof Undici) => Pool): Promise<Pool> {
    const pool = pools.get(name) ?? import('undici').then(create)
    pools.set(name, pool)
    return pool
  }

  const loopback = () =>
    getOrCreate('loopback', ({ Agent }) => ({
      // Docker does not verify the certificate of a loopback registry (moby registry/config.go).
      dispatcher: new Agent({ ...options, connect: { timeout: connectTimeoutMs, rejectUnauthorized: false } }),
      classOfOrigin: () => 'loopback',
    }))

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

  async function poolFor(url: URL, proxy: Proxy | undefined, { isVerified, reach }: RouteOptions): Promise<Pool> {
    const { id, tls } = await tlsFor(url, isVerified)
    if (!proxy)
      return getOrCreate(`direct ${reach} ${id}`, ({ Agent, buildConnector }) => {
        const { connect, classOfOrigin } = directConnections(
          (lookupWithin) => buildConnector({ ...options, ...tls, lookup: lookupWithin }),
          reach,
        )
        return { dispatcher: new Agent({ ...options, connect }), classOfOrigin }
      })
    const [uri, requestTls] = [proxyUrl(proxy), { ...tls, allowH2: false }]
    // The certificates of a registry, above all its client certificate, are not meant for the proxy.
    const proxyTls = await tlsFor(new URL(uri), true)
    return getOrCreate(`${uri} ${proxyTls.id} ${id}`, ({ buildConnector, ProxyAgent, Socks5ProxyAgent }) => {
      const toProxy = { ...proxyTls.tls, ...attempts, lookup, allowH2: false }
      const dispatcher =
        proxy.kind === 'socks5'
          ? // The proxy resolves the host's name, as with Go.
            new Socks5ProxyAgent(uri, { ...options, connect: buildConnector(toProxy), requestTls })
          : new ProxyAgent({ ...options, uri, proxyTls: toProxy, requestTls })
      return { dispatcher, classOfOrigin: (origin) => classOfLiteral(new URL(origin).hostname) ?? 'public' }
    })
  }

  return {
    proxyFor,
    async forUrl(url, signal, routeOptions) {
      const literal = classOfLiteral(url.hostname)
      if (literal && !isWithin(literal, routeOptions.reach)) throw new AddressRefusedError(url.host)
      const isLocal = isLoopback(url.host)
      const proxy = isLocal ? undefined : await proxyFor(url, signal)
      const { dispatcher, classOfOrigin } = await (isLocal ? loopback() : poolFor(url, proxy, routeOptions))
      return { dispatcher, proxy: proxy?.host, addressClass: () => classOfOrigin(url.origin) }
    },
    async close() {
      await Promise.all([...pools.values()].map(async (pool) => (await pool).dispatcher.destroy()))
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
