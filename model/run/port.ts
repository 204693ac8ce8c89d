/** Published ports as Docker's command writes them. Source: docker/go-connections nat/nat.go, `ParsePortSpec`. */

export interface HostPort {
  /** Empty: all of the computer's addresses. */
  readonly ip: string
  /** Undefined: whichever is free. */
  readonly port: number | undefined
}

export interface ContainerPort {
  readonly port: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}

/** `8080`, `127.0.0.1:8080`, `[::1]:8080`, `127.0.0.1:`, or nothing at all; undefined for what is none of these. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, six, four, digits = ''] = /^(?:\[([^\]]*)\]:|([^:]*):)?(\d*)$/.exec(text) ?? []
  if (text !== '' && digits === '' && !six && !four) return undefined
  if (six !== undefined && !isIPv6(six)) return undefined
  if (four !== undefined && !isIPv4(four)) return undefined
  const port = parsePort(digits)
  if (digits !== '' && port === undefined) return undefined
  return { ip: six ?? four ?? '', port }
}

export const hostPortText = ({ ip, port }: HostPort): string =>
  `${ip === '' ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:`}${port ?? ''}`

/** `80`, `80/tcp`, `53/udp`. */
export function parseContainerPort(text: string): ContainerPort | undefined {
  const [, digits = '', protocol = 'tcp'] = /^(\d+)(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const port = parsePort(digits)
  return port === undefined ? undefined : { port, protocol: protocol.toLowerCase() as ContainerPort['protocol'] }
}

/** Whether both cannot be had at once: the same port, at an address that both want. */
export const collide = (a: HostPort, b: HostPort): boolean =>
  a.port !== undefined && a.port === b.port && (a.ip === b.ip || isEverywhere(a.ip) || isEverywhere(b.ip))

export const isEverywhere = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::'

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
  const enough = halves.length === 2 ? groups.length < 8 : halves.length === 1 && groups.length === 8
  return enough && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
}
