/** Connections without a proxy: only to addresses within a reach, judged when the connection is made. */
import type { LookupFunction, Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { classOf, farthest, isWithin, type AddressClass } from '../../model/registry/address-class.ts'
import { lookup } from './dns-lookup.ts'
import { AddressRefusedError } from './failures.ts'

export interface DirectConnections {
  readonly connect: buildConnector.connector
  /** The class of the address that answers for an origin. If it has several addresses, the farthest counts. */
  classOfOrigin(origin: string): AddressClass
}

/** @param connectWith undici's connector with the given lookup */
export function directConnections(
  connectWith: (lookup: LookupFunction) => buildConnector.connector,
  reach: AddressClass,
): DirectConnections {
  const connectWithin = connectWith(lookupWithin(reach))
  /** Connections by origin. A closed one is remembered until there is another one, because its reply may still count. */
  const connections = new Map<string, Map<Socket, AddressClass>>()

  function remember(origin: string, socket: Socket) {
    const open = [...(connections.get(origin) ?? [])].filter(([other]) => !other.destroyed)
    connections.set(origin, new Map([...open, [socket, classOf(socket.remoteAddress ?? '')]]))
  }

  return {
    connect: (options, callback) =>
      connectWithin(options, (...[error, socket]) => {
        if (error) return callback(error, null)
        remember(`${options.protocol}//${options.host}`, socket)
        callback(null, socket)
      }),
    classOfOrigin: (origin) => farthest([...(connections.get(origin)?.values() ?? [])]),
  }
}

/** Resolves a name to those of its addresses that are within the reach. Fails if it has others only. */
const lookupWithin =
  (reach: AddressClass): LookupFunction =>
  (name, options, callback) =>
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error || typeof addresses === 'string') return callback(error, addresses)
      const allowed = addresses.filter(({ address }) => isWithin(classOf(address), reach))
      const [first] = allowed
      if (!first) callback(new AddressRefusedError(name, addresses[0]?.address), '')
      else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
