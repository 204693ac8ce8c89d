/**
 * The address of a mirror as every engine takes it. Source: moby registry/config.go, `ValidateMirror`: http or https,
 * no user, no query, no fragment, and before 25 no path. What engines let pass and never reach (a port of 99999, an
 * underscore, a host in Chinese characters: tried on 20.10, 26.1 and 28.5) is refused as well.
 */
import { isLoopback } from '../image/registry-place.ts'

export type WrongAddress =
  | 'nothing'
  /** More than one address, or a space inside. */
  | 'several'
  | 'scheme'
  | 'user'
  | 'query'
  | 'fragment'
  | 'path'
  /** A host outside ASCII. Docker would ask for it as it stands; it has to be given as `xn--…`. */
  | 'not-ascii'
  /** An IPv6 address without its brackets. */
  | 'brackets'
  | 'host'
  | 'port'

export type MirrorAddress =
  | {
      readonly ok: true
      /** `https://host` or `https://host:port`, in lower case and without the scheme's own port. */
      readonly address: string
      /** Plain http beyond this computer. Docker takes it, and whoever is on the way chooses what a tag means. */
      readonly plain: boolean
    }
  | { readonly ok: false; readonly why: WrongAddress }

/** What is pasted along with an address from the JSON of a tutorial: quotes, commas, the list's own brackets. */
const pastedBefore = /^(?:[\s"'`“”‘’,，、]|\[(?=[\s"'`“”‘’]|https?:))+/
const pastedBehind = /(?:[\s"'`“”‘’,，、;；]|(?<=[\s"'`“”‘’,，])\])+$/

/** What a text that the user typed or pasted means as a mirror's address. Without a scheme it is https. */
export function parseMirrorAddress(typed: string): MirrorAddress {
  const text = typed.replace(pastedBefore, '').replace(pastedBehind, '')
  if (text === '') return wrong('nothing')
  if (/[\s"'`“”‘’,，、]/.test(text)) return wrong('several')
  const [, scheme = 'https', rest = ''] = /^(?:([^/?#]*):\/\/)?(.*)$/.exec(text) ?? []
  const [, authority = '', path = '', query, fragment] = /^([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/.exec(rest) ?? []
  // `https:/host`, `https:\\host`: a slip in the scheme, not a host of that name with its port.
  if (!/^https?$/i.test(scheme) || /^https?:(?!\/\/|\d)/i.test(text)) return wrong('scheme')
  if (authority.includes('@')) return wrong('user')
  if (query !== undefined) return wrong('query')
  if (fragment !== undefined) return wrong('fragment')
  if (!/^[\u0020-\u007e]*$/.test(authority)) return wrong('not-ascii')
  if (/^[^[]*:.*:/.test(authority)) return wrong('brackets')
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? []
  if (!isHost(host)) return wrong('host')
  if (port !== undefined && !isPort(port)) return wrong('port')
  if (path !== '' && path !== '/') return wrong('path')
  const address = canonical(`${scheme}://${host}${port === undefined ? '' : `:${Number(port)}`}`)
  return { ok: true, address, plain: address.startsWith('http:') && !isLoopback(host) }
}

const wrong = (why: WrongAddress): MirrorAddress => ({ ok: false, why })

/** Whether two addresses name one mirror for Docker, which lists its own with a slash at their end. */
export const sameMirror = (a: string, b: string): boolean => canonical(a) === canonical(b)

/** Whether two lists name the same mirrors, in the same order. */
export const sameMirrors = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((mirror, index) => sameMirror(mirror, b[index]!))

/** Each mirror once, where it stands first: Docker passes over the others. */
export const distinctMirrors = (mirrors: readonly string[]): readonly string[] =>
  mirrors.filter((mirror, index) => mirrors.findIndex((other) => sameMirror(mirror, other)) === index)

/** As the list has it: Docker's own end with a slash. */
export function canonical(address: string): string {
  const [, scheme, authority, path = ''] = /^(https?:)\/\/([^/?#@]+)(.*)$/i.exec(address) ?? []
  if (scheme === undefined || authority === undefined) return address
  const own = scheme.toLowerCase() === 'http:' ? /:80$/ : /:443$/
  return `${scheme}//${authority.replace(own, '')}`.toLowerCase() + path.replace(/\/$/, '')
}

/** A port has no empty form here: Docker takes `host:` and would show it so for ever. */
const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

/** A name, an IPv4 address, or an IPv6 address in brackets. What ends in a number can only be an IPv4 address. */
function isHost(host: string): boolean {
  if (host.startsWith('[')) return host.endsWith(']') && isIpv6(host.slice(1, -1))
  const labels = host.split('.')
  if (/^\d+$/.test(labels.at(-1)!)) return isIpv4(host)
  return host.length <= 253 && labels.every((each) => label.test(each))
}

const isIpv4 = (text: string) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text)

/** Eight groups; `::` stands for one or more of them; the last two may be written as an IPv4 address (RFC 4291, 2.2). */
function isIpv6(text: string): boolean {
  const tail = /:([\d.]+\.[\d.]+)$/.exec(text)?.[1]
  if (tail !== undefined && !isIpv4(tail)) return false
  const whole = tail === undefined ? text : `${text.slice(0, -tail.length)}0:0`
  const halves = whole.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const groups = halves.flat()
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8
}
