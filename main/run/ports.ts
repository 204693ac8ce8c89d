/** Which ports are free: as far as containers publish them, and on this computer as far as it lets one try. */
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import {
  collide,
  hostPortText,
  isEverywhere,
  parseContainerPort,
  parseHostPort,
  type ContainerPort,
  type HostPort,
} from '../../model/run/port.ts'
import type { PortWish } from '../../model/run/run.ts'
import { nextFree } from '../../model/run/suggestion.ts'
import type { PortState } from '../../preload/contract/index.ts'
import { listContainers, type EngineSession } from '../engine/index.ts'

type Protocol = ContainerPort['protocol']

export interface Ports {
  /** Who has it: a container by its name, or somebody else. */
  holder(port: HostPort, protocol: Protocol): Promise<{ readonly name?: string } | 'nobody' | 'unknown'>
  isFree(port: HostPort, protocol?: Protocol): Promise<boolean>
}

/** As of now. `here`: the engine's ports are this computer's. */
export async function openPorts(session: EngineSession, here: boolean): Promise<Ports> {
  const published = (await listContainers(session)).flatMap(({ Names, Ports }) =>
    Ports.map(({ IP, PublicPort, Type }) => ({
      host: { ip: IP, port: PublicPort },
      protocol: Type,
      name: Names[0]?.replace(/^\//, '') ?? '',
    })),
  )
  const holder: Ports['holder'] = async (port, protocol) => {
    const container = published.find((other) => other.protocol === protocol && collide(other.host, port))
    if (container) return { name: container.name }
    if (!here || protocol === 'sctp') return 'unknown'
    const state = await tried(port, protocol)
    return state === 'taken' ? {} : state
  }
  return {
    holder,
    isFree: async (port, protocol = 'tcp') => typeof (await holder(port, protocol)) === 'string',
  }
}

export async function portState(ports: Ports, { host, container }: PortWish): Promise<PortState> {
  const [port, protocol] = [parseHostPort(host), parseContainerPort(container)?.protocol ?? 'tcp']
  if (port?.port === undefined) return { state: 'unknown' }
  const holder = await ports.holder(port, protocol)
  if (typeof holder === 'string') return { state: holder === 'nobody' ? 'free' : 'unknown' }
  const next = await nextFree(port, (other) => ports.isFree(other, protocol))
  return {
    state: 'taken',
    ...(holder.name !== undefined && { by: holder.name }),
    ...(next && { next: hostPortText(next) }),
  }
}

type Tried = 'nobody' | 'taken' | 'unknown'

/** Takes it for a moment, at each address that the engine would take it at. */
async function tried({ ip, port }: HostPort, protocol: 'tcp' | 'udp'): Promise<Tried> {
  const addresses = isEverywhere(ip) ? (ip === '' ? ['0.0.0.0', '::'] : [ip]) : [ip]
  let said: Tried = 'nobody'
  for (const address of addresses) {
    const code = await (protocol === 'tcp' ? takeTcp : takeUdp)(address, port!)
    if (code === 'EADDRINUSE') return 'taken'
    // Below 1024 only root may: whoever answers there has it.
    if (code === 'EACCES' && protocol === 'tcp') {
      if (await answers(isEverywhere(ip) ? '127.0.0.1' : ip, port!)) return 'taken'
    } else if (code !== undefined && !(address === '::' && ip === '')) said = 'unknown'
  }
  return said
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')

function takeTcp(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.on('error', (error) => resolve(codeOf(error)))
  server.listen({ host, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve(undefined)))
  return promise
}

function takeUdp(address: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address.includes(':') })
  socket.on('error', (error) => {
    socket.close()
    resolve(codeOf(error))
  })
  socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)))
  return promise
}

function answers(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: 500 })
  const settle = (answer: boolean) => {
    socket.destroy()
    resolve(answer)
  }
  socket.on('connect', () => settle(true))
  socket.on('error', () => settle(false))
  socket.on('timeout', () => settle(false))
  return promise
}
