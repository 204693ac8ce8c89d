/**
 * Which proxy leads to a host. Docker is written in Go, so the variables mean what they mean for Go programs.
 * @see golang.org/x/net/http/httpproxy
 */
import { isLoopback } from '../image/registry-place.ts'
import { listsTarget, type Target } from './no-proxy.ts'

export interface Proxy {
  readonly kind: 'http' | 'https' | 'socks5'
  /** `host:port`. Shown to the user; the login is not. */
  readonly host: string
  readonly login?: { readonly username: string; readonly password: string }
}

export interface ProxiedTarget extends Target {
  readonly scheme: 'http' | 'https'
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment's proxy for a host; `direct` if the environment says that there is none; `unset` if it has no proxy for
 * this scheme, so that the desktop's proxy counts.
 */
export function environmentProxy(env: Environment, target: ProxiedTarget): Proxy | 'direct' | 'unset' {
  // Go never uses a proxy for this computer.
  if (isLoopback(target.host.includes(':') ? `[${target.host}]` : target.host)) return 'direct'
  if (listsTarget(readVariable(env, 'NO_PROXY'), target)) return 'direct'
  // Go does not know ALL_PROXY, but curl does, and Clash and GNOME set it.
  const variables = [target.scheme === 'https' ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY']
  for (const name of variables) {
    const proxy = parseProxy(readVariable(env, name))
    if (proxy) return proxy
  }
  return 'unset'
}

/** Upper case counts before lower case, as in Go. */
const readVariable = (env: Environment, name: string) => env[name] || env[name.toLowerCase()] || ''

const defaultPorts = { http: 80, https: 443, socks5: 1080 } as const

/**
 * `socks5` and `socks5h` are the same for Go: the proxy resolves names. GNOME writes `socks` for version 5. A setting
 * without a scheme is an HTTP proxy.
 */
const kinds: Readonly<Record<string, Proxy['kind']>> = {
  http: 'http',
  https: 'https',
  socks: 'socks5',
  socks5: 'socks5',
  socks5h: 'socks5',
}

/** Parses `[scheme://][user[:password]@]host[:port]`. @returns undefined for anything else */
export function parseProxy(text: string): Proxy | undefined {
  const match =
    /^(?:([a-z][a-z\d+.-]*):\/\/)?(?:([^/?#]*)@)?(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d*))?(?:[/?#](?!\/).*)?$/i.exec(
      text.trim(),
    )
  if (!match) return undefined
  const [, scheme = 'http', login, host = '', port = ''] = match
  const kind = kinds[scheme.toLowerCase()]
  if (!kind || Number(port) > 65_535) return undefined
  const proxy = { kind, host: `${host.toLowerCase()}:${port === '' ? defaultPorts[kind] : Number(port)}` }
  if (login === undefined) return proxy
  try {
    const [username = '', ...rest] = login.split(':')
    return { ...proxy, login: { username: decodeURIComponent(username), password: decodeURIComponent(rest.join(':')) } }
  } catch {
    // A `%` that encodes nothing: Go refuses such a proxy, too.
    return undefined
  }
}

/** A URL of the proxy, with its login: do not show or log it. */
export function proxyUrl({ kind, host, login }: Proxy): string {
  const userInfo = login ? `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@` : ''
  return `${kind}://${userInfo}${host}`
}

/**
 * The first proxy of a list in the format of a PAC file, such as `SOCKS5 127.0.0.1:7890; DIRECT`. `SOCKS` means version
 * 4 to Chromium; Slipway tries version 5, because the proxies in use speak both.
 * @returns undefined for a direct connection
 */
export function proxyOfPacResult(result: string): Proxy | undefined {
  for (const entry of result.split(';')) {
    const [kind = '', host = ''] = entry.trim().split(/\s+/)
    if (/^DIRECT$/i.test(kind)) return undefined
    const scheme = pacSchemes[kind.toUpperCase()]
    const proxy = scheme && parseProxy(`${scheme}://${host}`)
    if (proxy) return proxy
  }
  return undefined
}

const pacSchemes: Readonly<Record<string, string>> = {
  PROXY: 'http',
  HTTP: 'http',
  HTTPS: 'https',
  SOCKS: 'socks5',
  SOCKS5: 'socks5',
}
