/** Parses published ports like the docker CLI. Source: docker/go-connections nat/nat.go, `ParsePortSpec`. */

export interface HostPort {
  /** An IP address; empty for all addresses of the host. */
  readonly ip: string
  /** Undefined if the engine chooses a free port. */
  readonly port: number | undefined
}

export interface ContainerPort {
  readonly port: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}

/** Parses `8080`, `127.0.0.1:8080`, `[::1]:8080`, `127.0.0.1:` or an empty text. @returns undefined if invalid */
export function parseHostPort(text: string): HostPort | undefined {
  const [, ipv6, ipv4, digits = ''] = /^(?:\[([^\]]*)\]:|([^:]*):)?(\d*)$/.exec(text) ?? []
  if (text !== '' && digits === '' && !ipv6 && !ipv4) return undefined
  if (ipv6 !== undefined && !isIPv6(ipv6)) return undefined
  if (ipv4 !== undefined && !isIPv4(ipv4)) return undefined
  const port = parsePort(digits)
  if (digits !== '' && port === undefined) return undefined
  return { ip: ipv6 ?? ipv4 ?? '', port }
}

export const hostPortText = ({ ip, port }: HostPort): string =>
  `${ip === '' ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:`}${port ?? ''}`

/** Parses `80`, `80/tcp` or `53/udp`. @returns undefined if invalid */
export function parseContainerPort(text: string): ContainerPort | undefined {
  const [, digits = '', protocol = 'tcp'] = /^(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const port = parsePort(digits)
  return port === undefined ? undefined : { port, protocol: protocol.toLowerCase() as ContainerPort['protocol'] }
}

/** Whether two host ports conflict, that is, are the same port on overlapping addresses. */
export const portsConflict = (a: HostPort, b: HostPort): boolean =>
  a.port !== undefined && a.port === b.port && (a.ip === b.ip || isWildcardAddress(a.ip) || isWildcardAddress(b.ip))

/** Whether an IP address means all addresses of the host. */
export const isWildcardAddress = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::'

function parsePort(digits: string): number | undefined {
  const port = Number(digits)
  return /^[1-9]\d{0,4}$/.test(digits) && port <= 65_535 ? port : undefined
}

const isIPv4 = (text: string): boolean =>
  /^\d+(?:\.\d+){3}$/.test(text) && text.split('.').every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && +part < 256)

function isIPv6(text: string): boolean {
  const tail = /^(.*:)([^:]*\.[^:]*)$/.exec(text)
  if (tail) return isIPv4(tail[2]!) && isIPv6(`${tail[1]}0:0`)
  const halves = text.split('::')
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const validCount = halves.length === 2 ? groups.length < 8 : halves.length === 1 && groups.length === 8
  return validCount && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
}
