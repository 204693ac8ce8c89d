/** The hosts that NO_PROXY lists. They are reached without a proxy. */
import ipaddr from 'ipaddr.js'

export interface Target {
  /** A name in lower case, or an IP address without brackets. */
  readonly host: string
  readonly port: number
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Whether a list like `localhost, .corp.example, 10.0.0.0/8, [::1]:443` contains a host: by name (and the names below
 * it), address or range, each with or without a port. `.corp.example` and `*.corp.example` contain only the names below
 * it, and `*` contains everything.
 * @see golang.org/x/net/http/httpproxy, `config.init` and `useProxy`
 */
export function listsTarget(noProxy: string, { host, port }: Target): boolean {
  const address = parseAddress(host)
  return noProxy
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry === '*' || (address && rangeContains(entry, address)) || matches(entry, host, port, address))
}

function matches(entry: string, host: string, port: number, address: Address | undefined): boolean {
  const { name, port: entryPort } = splitPort(entry)
  if (name === '' || (entryPort !== undefined && entryPort !== String(port))) return false
  const entryAddress = parseAddress(name)
  if (entryAddress) return address !== undefined && entryAddress.toString() === address.toString()
  const suffix = name.replace(/^\*(?=\.)/, '')
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`)
}

/** Splits `host:port` and `[address]:port`. An IPv6 address without brackets has no port. */
function splitPort(entry: string): { readonly name: string; readonly port?: string } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):(\d*)$/.exec(entry) ?? []
  const name = bracketed ?? plain
  if (name === undefined || port === undefined) return { name: entry }
  return port === '' ? { name } : { name, port }
}

function rangeContains(entry: string, address: Address): boolean {
  const [, start = '', bits = ''] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(entry) ?? []
  const first = parseAddress(start)
  const length = Number(bits)
  if (bits === '' || !first || length > first.toByteArray().length * 8) return false
  if (first instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(first, length)
  return address instanceof ipaddr.IPv6 && address.match(first, length)
}

/** @returns undefined if `text` is no IP address. An IPv4 address in IPv6 form (`::ffff:10.0.0.1`) becomes IPv4. */
function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined
  const address = ipaddr.IPv6.parse(text)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}
