/** The way to a host: straight, or through the proxy that the environment or the desktop names. */
import type * as Undici from 'undici'
import type { Dispatcher } from 'undici'
import { isLoopback } from '../../model/image/registry-place.ts'
import { lookup } from './names.ts'

export interface WayNeeds {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The proxy that the desktop's settings name for an address, as a URL. Asked where the environment names none. */
  readonly desktopProxy?: ((url: string) => Promise<string | undefined>) | undefined
}

export interface Ways {
  /** Rejects where it is `over` before the desktop has named its proxy. */
  to(url: URL, over: AbortSignal): Promise<Dispatcher>
  close(): Promise<void>
}

/** A host that takes no connection in this time is not to be reached: a blocked one often answers nothing at all. */
const connectWithin = 5_000
/** Of several addresses, each but the last has so long: Node's own 250 ms are too few for those far away. */
const eachWithin = 1_500
const options = {
  // Mirrors and proxies of all kinds stand in between; the older protocol is the one that they all speak well.
  allowH2: false,
  connect: { timeout: connectWithin, lookup },
  // The library passes the time on only beside the wish.
  ...{ autoSelectFamily: true, autoSelectFamilyAttemptTimeout: eachWithin },
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
} as const

export function waysThrough({ env, desktopProxy }: WayNeeds): Ways {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined
  const [httpProxy, httpsProxy] = [proxyUrl(read('HTTP_PROXY')), proxyUrl(read('HTTPS_PROXY'))]
  const opened = new Map<string, Promise<Dispatcher>>()

  /** The one way of that name, made when it is first needed: loading the library would delay the app's start. */
  function once(name: string, make: (library: typeof Undici) => Dispatcher): Promise<Dispatcher> {
    const way = opened.get(name) ?? import('undici').then(make)
    opened.set(name, way)
    return way
  }

  const straight = () => once('straight', ({ Agent }) => new Agent(options))

  const onThisComputer = () =>
    once(
      'here',
      ({ Agent }) =>
        // Docker does not look at the certificate of a registry on the same computer (moby registry/config.go).
        new Agent({ ...options, connect: { timeout: connectWithin, rejectUnauthorized: false } }),
    )

  const byEnvironment = () =>
    once('environment', ({ EnvHttpProxyAgent }) => {
      // Not undefined: the library would read its own process's environment.
      const proxies = { httpProxy: httpProxy ?? '', httpsProxy: httpsProxy ?? '', noProxy: read('NO_PROXY') ?? '' }
      return new EnvHttpProxyAgent({ ...options, ...proxies })
    })

  async function byDesktop(url: URL, over: AbortSignal): Promise<Dispatcher> {
    // A script of the network may decide on it, and take its time.
    const named = desktopProxy?.(url.href).catch(() => undefined)
    const uri = proxyUrl(await (named && Promise.race([named, ended(over)])))
    return uri ? once(`desktop ${uri}`, ({ ProxyAgent }) => new ProxyAgent({ ...options, uri })) : straight()
  }

  return {
    async to(url, over) {
      // As in Go's own client, what is on this computer is never asked for through a proxy.
      if (isLoopback(url.host)) return onThisComputer()
      return httpProxy || httpsProxy ? byEnvironment() : byDesktop(url, over)
    },
    async close() {
      await Promise.all([...opened.values()].map(async (way) => (await way).destroy()))
    },
  }
}

/** Rejects then. */
const ended = (over: AbortSignal) =>
  new Promise<never>((_, reject) => {
    over.throwIfAborted()
    over.addEventListener('abort', () => reject(over.reason as Error), { once: true })
  })

/** Written as `host:port`, it is an HTTP proxy's. What is no address is none. */
function proxyUrl(text: string | undefined): string | undefined {
  if (!text) return undefined
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  return url && /^(https?|socks5):$/.test(url.protocol) ? url.href : undefined
}
