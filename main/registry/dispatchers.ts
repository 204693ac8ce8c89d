/** Chooses the undici dispatcher for a host: direct, or through the proxy of the environment or the desktop. */
import type * as Undici from 'undici'
import type { Dispatcher } from 'undici'
import { isLoopback } from '../../model/image/registry-place.ts'
import { lookup } from './dns-lookup.ts'

export interface ProxySettings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The desktop's proxy for a URL, as a URL. Used if the environment has no proxy. */
  readonly desktopProxy?: ((url: string) => Promise<string | undefined>) | undefined
}

export interface Dispatchers {
  /** Rejects if `signal` is aborted while the desktop looks up its proxy. */
  forUrl(url: URL, signal: AbortSignal): Promise<Dispatcher>
  close(): Promise<void>
}

/** A blocked host often does not respond at all, so the connect timeout is short. */
const connectTimeoutMs = 5_000
/** Time for each address of a host except the last. Node's default of 250 ms is too short for distant hosts. */
const attemptTimeoutMs = 1_500
const options = {
  // Mirrors and proxies support HTTP/1.1 more reliably than HTTP/2.
  allowH2: false,
  connect: { timeout: connectTimeoutMs, lookup },
  // undici applies the attempt timeout only if autoSelectFamily is set as well.
  ...{ autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptTimeoutMs },
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
} as const

export function createDispatchers({ env, desktopProxy }: ProxySettings): Dispatchers {
  const readEnv = (name: string) => env[name.toLowerCase()] || env[name] || undefined
  const dispatchers = new Map<string, Promise<Dispatcher>>()

  /** Creates a dispatcher on first use: importing undici at startup would delay the app. */
  function getOrCreate(name: string, create: (undici: typeof Undici) => Dispatcher): Promise<Dispatcher> {
    const dispatcher = dispatchers.get(name) ?? import('undici').then(create)
    dispatchers.set(name, dispatcher)
    return dispatcher
  }

  const direct = () => getOrCreate('direct', ({ Agent }) => new Agent(options))

  const loopback = () =>
    getOrCreate(
      'loopback',
      ({ Agent }) =>
        // Docker does not verify the certificate of a loopback registry (moby registry/config.go).
        new Agent({ ...options, connect: { timeout: connectTimeoutMs, rejectUnauthorized: false } }),
    )

  /** Reads the environment each time, because it may change. */
  function environmentProxy(): Promise<Dispatcher> | undefined {
    const [httpProxy, httpsProxy] = [proxyUrl(readEnv('HTTP_PROXY')), proxyUrl(readEnv('HTTPS_PROXY'))]
    if (!httpProxy && !httpsProxy) return undefined
    // Empty strings, because undici would replace undefined with the values of process.env.
    const proxies = { httpProxy: httpProxy ?? '', httpsProxy: httpsProxy ?? '', noProxy: readEnv('NO_PROXY') ?? '' }
    const name = `environment ${JSON.stringify(proxies)}`
    return getOrCreate(name, ({ EnvHttpProxyAgent }) => new EnvHttpProxyAgent({ ...options, ...proxies }))
  }

  async function desktopDispatcher(url: URL, signal: AbortSignal): Promise<Dispatcher> {
    // A proxy auto-configuration script may be slow.
    const proxyLookup = desktopProxy?.(url.href).catch(() => undefined)
    const uri = proxyUrl(await (proxyLookup && Promise.race([proxyLookup, rejectOnAbort(signal)])))
    return uri ? getOrCreate(`desktop ${uri}`, ({ ProxyAgent }) => new ProxyAgent({ ...options, uri })) : direct()
  }

  return {
    async forUrl(url, signal) {
      // Like Go's HTTP client, never use a proxy for loopback hosts.
      if (isLoopback(url.host)) return loopback()
      return environmentProxy() ?? desktopDispatcher(url, signal)
    },
    async close() {
      await Promise.all([...dispatchers.values()].map(async (dispatcher) => (await dispatcher).destroy()))
    },
  }
}

const rejectOnAbort = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

/** Parses a proxy setting; `host:port` means an HTTP proxy. @returns undefined if `text` is not a proxy URL */
function proxyUrl(text: string | undefined): string | undefined {
  if (!text) return undefined
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  return url && /^(https?|socks5):$/.test(url.protocol) ? url.href : undefined
}
