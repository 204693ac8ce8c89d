/**
 * Validates mirror addresses so that every engine accepts them. Source: moby registry/config.go, `ValidateMirror`: http
 * or https, no user, no query, no fragment, and before version 25 no path. Also rejects what engines accept but cannot
 * reach: port 99999, an underscore, a host in Chinese characters (tested with 20.10, 26.1 and 28.5).
 */
import { isLoopback } from '../image/registry-place.ts'

/** A limit, since each mirror that hangs delays a pull by 15 s; with the containerd store, the pull fails. */
export const maxMirrors = 3

export type AddressFault =
  | 'nothing'
  /** More than one address, or an address that contains a space. */
  | 'several'
  | 'scheme'
  | 'user'
  | 'query'
  | 'fragment'
  | 'path'
  /** A host with non-ASCII characters. Docker does not convert it to Punycode (`xn--…`). */
  | 'not-ascii'
  /** An IPv6 address without brackets. */
  | 'brackets'
  | 'host'
  | 'port'

export type MirrorAddress =
  | {
      readonly ok: true
      /** `https://host` or `https://host:port`, in lower case and without the default port. */
      readonly address: string
      /** Plain http to another computer. Docker accepts it, but others on the network can replace images. */
      readonly plain: boolean
    }
  | { readonly ok: false; readonly why: AddressFault }

/** Characters pasted along with an address from JSON: quotes, commas and the brackets of the list. */
const leadingJson = /^(?:[\s"'`“”‘’,，、]|\[(?=[\s"'`“”‘’]|https?:))+/
const lastJson = /[\s"'`“”‘’,，、;；]$|(?<=[\s"'`“”‘’,，])\]$/

/** Parses a mirror address that the user typed or pasted. The default scheme is https. */
export function parseMirrorAddress(input: string): MirrorAddress {
  const text = withoutTrailingJson(input.replace(leadingJson, ''))
  if (text === '') return invalid('nothing')
  if (/[\s"'`“”‘’,，、]/.test(text)) return invalid('several')
  const [, scheme = 'https', remainder = ''] = /^(?:([^/?#]*):\/\/)?(.*)$/.exec(text) ?? []
  const [, authority = '', path = '', query, fragment] = /^([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/.exec(remainder) ?? []
  // `https:/host` and `https:\\host` are typos in the scheme, not a host named `https`.
  if (!/^https?$/i.test(scheme) || /^https?:(?!\/\/|\d)/i.test(text)) return invalid('scheme')
  if (authority.includes('@')) return invalid('user')
  if (query !== undefined) return invalid('query')
  if (fragment !== undefined) return invalid('fragment')
  if (!/^[\u0020-\u007e]*$/.test(authority)) return invalid('not-ascii')
  if (/^[^[]*:.*:/.test(authority)) return invalid('brackets')
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? []
  if (!isHost(host)) return invalid('host')
  if (port !== undefined && !isPort(port)) return invalid('port')
  if (path !== '' && path !== '/') return invalid('path')
  const address = canonicalAddress(`${scheme}://${host}${port === undefined ? '' : `:${Number(port)}`}`)
  return { ok: true, address, plain: address.startsWith('http:') && !isLoopback(host) }
}

/** A loop, because a pattern for the whole end would take quadratic time. */
function withoutTrailingJson(text: string): string {
  let end = text.length
  while (end > 0 && lastJson.test(text.slice(Math.max(0, end - 2), end))) end--
  return text.slice(0, end)
}

const invalid = (why: AddressFault): MirrorAddress => ({ ok: false, why })

/** Whether two addresses mean the same mirror. Docker appends a slash to the addresses that it reports. */
export const sameMirror = (a: string, b: string): boolean => canonicalAddress(a) === canonicalAddress(b)

/** Whether two lists contain the same mirrors in the same order. */
export const sameMirrors = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((mirror, index) => sameMirror(mirror, b[index]!))

/** Removes duplicates and keeps the first occurrence, as Docker does. */
export const distinctMirrors = (mirrors: readonly string[]): readonly string[] =>
  mirrors.filter((mirror, index) => mirrors.findIndex((other) => sameMirror(mirror, other)) === index)

/** @returns the address, scheme and host in lower case, without default port and final slash; other text unchanged */
export function canonicalAddress(address: string): string {
  const [, scheme, authority, path = ''] = /^(https?:)\/\/([^/?#@]+)(.*)$/i.exec(address) ?? []
  if (scheme === undefined || authority === undefined) return address
  const defaultPort = scheme.toLowerCase() === 'http:' ? /:80$/ : /:443$/
  return `${scheme}//${authority.replace(defaultPort, '')}`.toLowerCase() + path.replace(/\/$/, '')
}

/** An empty port is invalid here, although Docker accepts `host:`. */
const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/**
 * A host name, an IPv4 address, or an IPv6 address in brackets. A host whose last label is a number must be IPv4, since
 * programs read it as such. The helper has the same grammar (resources/helper, addresses.py).
 */
function isHost(host: string): boolean {
  if (host.startsWith('[')) return host.endsWith(']') && isIpv6(host.slice(1, -1))
  const labels = host.split('.')
  if (/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!)) return isIpv4(host)
  return host.length <= 253 && labels.every((label) => labelPattern.test(label))
}

const isIpv4 = (text: string) => /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)

/** Eight groups; `::` replaces one or more groups; the last two may be an IPv4 address (RFC 4291, 2.2). */
export function isIpv6(text: string): boolean {
  const tail = /:([\d.]+\.[\d.]+)$/.exec(text)?.[1]
  if (tail !== undefined && !isIpv4(tail)) return false
  const withoutIpv4 = tail === undefined ? text : `${text.slice(0, -tail.length)}0:0`
  const halves = withoutIpv4.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const groups = halves.flat()
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8
}
