/**
 * The address of an engine, in every form that Docker accepts in DOCKER_HOST or as the host of a context.
 * Source: docker/cli 29, opts/hosts.go `ParseHost`, cli/connhelper and cli/connhelper/ssh.
 */
import { isIpv6 } from '../mirrors/address.ts'

export type Endpoint = UnixEndpoint | TcpEndpoint | SshEndpoint

interface Common {
  /** The address in full, such as `unix:///var/run/docker.sock` for `unix://`. */
  readonly address: string
}
export interface UnixEndpoint extends Common {
  readonly kind: 'unix'
  readonly path: string
}
export interface TcpEndpoint extends Common {
  readonly kind: 'tcp'
  /** A name or an IP address, without brackets. An IPv6 address may have a zone: `fe80::1%eth0`. */
  readonly host: string
  readonly port: number
  /** Precedes the path of each request; empty, or with a slash at its start and none at its end. */
  readonly pathPrefix: string
  /** The address is `https://…`. */
  readonly https: boolean
}
/** The parts have no character that has a meaning for ssh or a shell, except for spaces in `socket`. */
export interface SshEndpoint extends Common {
  readonly kind: 'ssh'
  readonly user?: string
  readonly host: string
  readonly port?: number
  /** The path of the engine's socket on that computer; absent for the socket that `docker` uses there. */
  readonly socket?: string
}

export type EndpointFault =
  /** `fd://`: a socket that systemd hands to dockerd, not an address for a client. */
  | 'fd'
  /** `npipe://`: a named pipe, which only Windows has. */
  | 'npipe'
  /** Another protocol, or a known one in another form: `TCP://…`, `unix:/…`. */
  | 'protocol'
  /** The host, port or path is malformed. */
  | 'malformed'
  /** An ssh address with a password, which Docker refuses, too. */
  | 'ssh-password'
  /** The user, host or path of an ssh address has characters that have a meaning for ssh or a shell. */
  | 'ssh-characters'

export type EndpointResult =
  { readonly ok: true; readonly value: Endpoint } | { readonly ok: false; readonly fault: EndpointFault }

export const systemSocket = 'unix:///var/run/docker.sock'
const localTcp = (tls: boolean) => `tcp://localhost:${tls ? 2376 : 2375}`

const valid = (value: Endpoint): EndpointResult => ({ ok: true, value })
const invalid = (fault: EndpointFault): EndpointResult => ({ ok: false, fault })

/** @param tls whether certificates belong to the address: the default port is then 2376 instead of 2375 */
export function parseEndpoint(text: string, tls = false): EndpointResult {
  const trimmed = text.trim()
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed)) return invalid('malformed')
  if (trimmed === '') return parseEndpoint(tls ? localTcp(tls) : systemSocket, tls)
  // `unix:/run/docker.sock` is the host `unix` for Docker. Nobody means that.
  if (/^(unix|tcp|ssh|fd|npipe|https?):(?!\/\/)\D/.test(trimmed)) return invalid('protocol')
  const separator = trimmed.indexOf('://')
  if (separator < 0) return /^\.?\//.test(trimmed) ? parseUnix(trimmed) : parseTcp('tcp', trimmed, tls)
  const [protocol, rest] = [trimmed.slice(0, separator), trimmed.slice(separator + '://'.length)]
  switch (protocol) {
    case 'unix':
      return parseUnix(withoutRepeated(protocol, rest))
    case 'tcp':
      return parseTcp(protocol, withoutRepeated(protocol, rest), tls)
    case 'http':
      return parseTcp(protocol, rest, tls)
    case 'https':
      return parseTcp(protocol, rest, true)
    case 'ssh':
      return parseSsh(rest)
    case 'fd':
    case 'npipe':
      return invalid(protocol)
    default:
      return invalid(/^[\w+.-]+$/.test(protocol) ? 'protocol' : 'malformed')
  }
}

/** Docker reads `tcp://tcp://host` like `tcp://host`. */
const withoutRepeated = (protocol: string, rest: string) =>
  rest.startsWith(`${protocol}://`) ? rest.slice(`${protocol}://`.length) : rest

function parseUnix(path: string): EndpointResult {
  if (path === '') return parseEndpoint(systemSocket)
  return path.includes('://') ? invalid('malformed') : valid({ kind: 'unix', address: `unix://${path}`, path })
}

function parseTcp(protocol: 'tcp' | 'http' | 'https', rest: string, tls: boolean): EndpointResult {
  if (rest === '') return parseEndpoint(localTcp(tls), tls)
  if (rest.includes('://')) return invalid('malformed')
  const { authority, path } = splitRest(rest)
  // Docker ignores a user and a password.
  const parsed = parseHostAndPort(authority.slice(authority.lastIndexOf('@') + 1))
  if (!parsed || !/^[\w.~!$&'()*+,;=:@%/-]*$/.test(path)) return invalid('malformed')
  const host = parsed.host || 'localhost'
  const port = parsed.port ?? (tls ? 2376 : 2375)
  const hostText = host.includes(':') ? `[${host.replace('%', '%25')}]` : host
  const portText = parsed.port === undefined ? '' : `:${parsed.port}`
  const address = `${protocol}://${hostText}${portText}${path}`
  return valid({
    kind: 'tcp',
    address,
    host,
    port,
    pathPrefix: path.replace(/\/+/g, '/').replace(/\/$/, ''),
    https: protocol === 'https',
  })
}

function parseSsh(rest: string): EndpointResult {
  const { authority, path, after } = splitRest(rest)
  const at = authority.lastIndexOf('@')
  const user = decode(authority.slice(0, Math.max(at, 0)))
  const socket = decode(path)
  if (after !== '' || user === undefined || socket === undefined) return invalid('malformed')
  if (user.includes(':')) return invalid('ssh-password')
  if (user !== '' && !isSafeWord(user)) return invalid('ssh-characters')
  const hostAndPort = authority.slice(at + 1)
  const parsed = parseHostAndPort(hostAndPort)
  if (!parsed) return invalid(/^[^[\]:]+(:\d*)?$/.test(hostAndPort) ? 'ssh-characters' : 'malformed')
  if (parsed.host === '') return invalid('malformed')
  if (!isSafePath(socket)) return invalid('ssh-characters')
  return valid({
    kind: 'ssh',
    address: `ssh://${rest}`,
    ...(user !== '' && { user }),
    host: parsed.host,
    ...(parsed.port !== undefined && { port: parsed.port }),
    // Docker ignores a path that consists of slashes.
    ...(/[^/]/.test(socket) && { socket }),
  })
}

/** Splits `host:2375/path?query#fragment`. `after`: the query and the fragment. */
function splitRest(rest: string) {
  const [beforeQuery = ''] = rest.split(/[?#]/, 1)
  const slash = beforeQuery.indexOf('/')
  const end = slash < 0 ? beforeQuery.length : slash
  return { authority: beforeQuery.slice(0, end), path: beforeQuery.slice(end), after: rest.slice(beforeQuery.length) }
}

/** @returns undefined if malformed. An empty host and a missing port are allowed: `:2375`, `[::1]:`. */
function parseHostAndPort(hostAndPort: string): { readonly host: string; readonly port?: number } | undefined {
  // Docker also takes a name in brackets.
  const text = hostAndPort.replace(/^\[([^\]:]*)\]/, '$1')
  const [, bracketed, named = '', portText] = /^(?:\[([^\]]*)\]|([^[\]:]*))(?::(\d*))?$/.exec(text) ?? []
  // Docker also takes an IPv6 address without brackets, which then has no port.
  const ipv6 = (bracketed ?? (/:.*:/.test(text) ? text : undefined))?.replace('%25', '%')
  if (ipv6 !== undefined && !isIpv6WithZone(ipv6)) return undefined
  if (ipv6 === undefined && !(named === '' ? /^(:\d*)?$/.test(text) : isSafeWord(named))) return undefined
  const port = portText ? Number(portText) : undefined
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  return { host: ipv6 ?? named, ...(port !== undefined && { port }) }
}

const isIpv6WithZone = (text: string) => isIpv6(text.replace(/%[\w.-]+$/, ''))

/** Whether a name cannot be an option, and has only letters, digits and characters without a meaning for a shell. */
const isSafeWord = (word: string) => /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.@+-]*$/u.test(word)
/** The path becomes part of a command for a shell, in quotes. Quotes and backslashes in it are not allowed. */
const isSafePath = (path: string) => /^[\p{L}\p{M}\p{N}_.@%+=:,/ ~-]*$/u.test(path)

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** @returns the text of an address with `…` instead of a password, for the screen */
export const withoutPassword = (text: string): string => text.replace(/^([^:]*:\/\/[^:/]*:|[^:/]+:)[^/]*@/, '$1…@')
