/** The registries that the engine may reach without verified TLS, as its setting `insecure-registries` says. */
import { BlockList, isIP } from 'node:net'
import { lookup } from './dns-lookup.ts'

export interface InsecureRegistries {
  /** Hosts as in an image reference: `registry.example:5000`. */
  readonly hosts: readonly string[]
  /** `10.0.0.0/8` */
  readonly cidrs: readonly string[]
}

/**
 * Whether the engine would reach a host without verified TLS. A name is resolved if there are ranges to compare with.
 * @see moby registry/config.go, `isSecureIndex`
 */
export async function isInsecure(
  host: string,
  { hosts, cidrs }: InsecureRegistries,
  resolve: (name: string) => Promise<readonly string[]> = resolveName,
): Promise<boolean> {
  if (hosts.includes(host)) return true
  const ranges = rangesOf(cidrs)
  if (ranges.rules.length === 0) return false
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(name) ? [name] : await resolve(name)
  return addresses.some((address) => isIP(address) && ranges.check(address, familyOf(address)))
}

function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList()
  for (const cidr of cidrs) {
    const [, address = '', prefix = ''] = /^([^/]+)\/(\d+)$/.exec(cidr) ?? []
    if (!isIP(address) || Number(prefix) > (isIP(address) === 4 ? 32 : 128)) continue
    ranges.addSubnet(address, Number(prefix), familyOf(address))
  }
  return ranges
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** @returns an empty list if the name cannot be resolved */
const resolveName = (name: string) =>
  new Promise<readonly string[]>((resolve) => {
    lookup(name, { all: true }, (error, addresses) =>
      resolve(error || typeof addresses === 'string' ? [] : addresses.map(({ address }) => address)),
    )
  })
