/**
 * How close an IP address is to this computer. A host on the internet must not lead Slipway's requests closer: to this
 * computer, or to services of its network that trust everybody who can reach them.
 */
import ipaddr from 'ipaddr.js'

/** From the farthest to the closest. `special`: link-local, multicast or reserved. */
const classes = ['public', 'private', 'special', 'loopback'] as const
export type AddressClass = (typeof classes)[number]

/** Whoever named an address: a host that redirects to it, or has it as its realm. */
export interface Referrer {
  /** `https://registry.example:5000` */
  readonly origin: string
  /** Whether TLS proves that the origin is the host of that name, whatever its address is. */
  readonly isVerified: boolean
  /** The closest class of addresses to which it may lead. */
  readonly reach: AddressClass
}

export const isWithin = (address: AddressClass, reach: AddressClass): boolean =>
  classes.indexOf(address) <= classes.indexOf(reach)

/** @returns the farthest of the classes; `public` if there are none */
export const farthest = (addresses: readonly AddressClass[]): AddressClass =>
  classes.find((each) => addresses.includes(each)) ?? 'public'

/** The closest class of addresses that a request to an origin may connect to. The user's own choice has no limit. */
export const reachOf = (origin: string, referrer: Referrer | undefined): AddressClass =>
  !referrer || (referrer.isVerified && referrer.origin === origin) ? 'loopback' : referrer.reach

/** @returns undefined if `host` is a name, not an IP address. IPv6 may be in brackets. */
export function classOfLiteral(host: string): AddressClass | undefined {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  return ipaddr.isValid(address) ? classOf(address) : undefined
}

/** @param address an IP address, as the system writes it. Anything else is `special`. */
export function classOf(address: string): AddressClass {
  if (!ipaddr.isValid(address)) return 'special'
  const parsed = ipaddr.parse(address)
  if (parsed instanceof ipaddr.IPv4) return classOfIpv4(parsed)
  const inner = innerIpv4(parsed)
  return inner ? classOfIpv4(inner) : (ranges[parsed.range()] ?? 'special')
}

/** Clash and its kin answer every name with an address in this network. */
const fakeAddresses = ipaddr.IPv4.parseCIDR('198.18.0.0/15')
/** NAT64 of one network (RFC 8215). All public names have such addresses there. */
const localNat64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48')

const classOfIpv4 = (address: ipaddr.IPv4): AddressClass =>
  address.match(fakeAddresses) ? 'public' : (ranges[address.range()] ?? 'special')

/** The IPv4 address that is reached through an IPv6 address, in an operating system or at a translator. */
function innerIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray()
  switch (address.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
      return new ipaddr.IPv4(bytes.slice(12))
    case 'rfc6052':
      return address.match(localNat64) ? undefined : new ipaddr.IPv4(bytes.slice(12))
    case '6to4':
      return new ipaddr.IPv4(bytes.slice(2, 6))
    default:
      return undefined
  }
}

/** Linux and macOS connect to this computer for an unspecified address. Other ranges are `special`. */
const ranges: Readonly<Record<string, AddressClass>> = {
  unicast: 'public',
  private: 'private',
  carrierGradeNat: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  rfc6052: 'private',
  loopback: 'loopback',
  unspecified: 'loopback',
}
