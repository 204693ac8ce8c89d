/** Which host ports are free: not published by a container and, for a local engine, not in use on this computer. */
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import {
  portsConflict,
  hostPortText,
  isWildcardAddress,
  parseContainerPort,
  parseHostPort,
  type ContainerPort,
  type HostPort,
} from '../../model/run/port.ts'
import type { PortOptions } from '../../model/run/run.ts'
import { findFreePort } from '../../model/run/suggestion.ts'
import type { PortState } from '../../preload/contract/index.ts'
import { listContainers, type EngineSession } from '../engine/index.ts'

type Protocol = ContainerPort['protocol']

export interface Ports {
  /** @returns the user of the port: a container's name, or no name for another program. `nobody`: the port is free. */
  holder(port: HostPort, protocol: Protocol): Promise<{ readonly name?: string } | 'nobody' | 'unknown'>
  /** Also true if it is unknown whether the port is in use. */
  isFree(port: HostPort, protocol?: Protocol): Promise<boolean>
}

/** Reads the published ports once. @param local whether the engine publishes its ports on this computer */
export async function readPublishedPorts(session: EngineSession, local: boolean): Promise<Ports> {
  const publishedPorts = (await listContainers(session)).flatMap(({ Names, Ports }) =>
    Ports.map(({ IP, PublicPort, Type }) => ({
      host: { ip: IP, port: PublicPort },
      protocol: Type,
      name: Names[0]?.replace(/^\//, '') ?? '',
    })),
  )
  const holder: Ports['holder'] = async (port, protocol) => {
    const container = publishedPorts.find((other) => other.protocol === protocol && portsConflict(other.host, port))
    if (container) return { name: container.name }
    if (!local || protocol === 'sctp') return 'unknown'
    const state = await probePort(port, protocol)
    return state === 'taken' ? {} : state
  }
  return {
    holder,
    isFree: async (port, protocol = 'tcp') => typeof (await holder(port, protocol)) === 'string',
  }
}

export async function portState(ports: Ports, { host, container }: PortOptions): Promise<PortState> {
  const [port, protocol] = [parseHostPort(host), parseContainerPort(container)?.protocol ?? 'tcp']
  if (port?.port === undefined) return { state: 'unknown' }
  const holder = await ports.holder(port, protocol)
  if (typeof holder === 'string') return { state: holder === 'nobody' ? 'free' : 'unknown' }
  const next = await findFreePort(port, (other) => ports.isFree(other, protocol))
  return {
    state: 'taken',
    ...(holder.name !== undefined && { by: holder.name }),
    ...(next && { next: hostPortText(next) }),
  }
}

type ProbeResult = 'nobody' | 'taken' | 'unknown'

/** Binds the port for a moment, at each address that the engine would bind. */
async function probePort({ ip, port }: HostPort, protocol: 'tcp' | 'udp'): Promise<ProbeResult> {
  const addresses = isWildcardAddress(ip) ? (ip === '' ? ['0.0.0.0', '::'] : [ip]) : [ip]
  let result: ProbeResult = 'nobody'
  for (const address of addresses) {
    const code = await (protocol === 'tcp' ? bindTcp : bindUdp)(address, port!)
    if (code === 'EADDRINUSE') return 'taken'
    // Only root may bind a port below 1024, so a connection attempt shows whether the port is in use.
    if (code === 'EACCES' && protocol === 'tcp') {
      if (await acceptsConnection(isWildcardAddress(ip) ? '127.0.0.1' : ip, port!)) return 'taken'
    } else if (code !== undefined && !(address === '::' && ip === '')) result = 'unknown'
  }
  return result
}

const errorCode = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')

function bindTcp(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.on('error', (error) => resolve(errorCode(error)))
  server.listen({ host, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve(undefined)))
  return promise
}

function bindUdp(address: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address.includes(':') })
  socket.on('error', (error) => {
    socket.close()
    resolve(errorCode(error))
  })
  socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)))
  return promise
}

function acceptsConnection(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: 500 })
  const settle = (connected: boolean) => {
    socket.destroy()
    resolve(connected)
  }
  socket.on('connect', () => settle(true))
  socket.on('error', () => settle(false))
  socket.on('timeout', () => settle(false))
  return promise
}
