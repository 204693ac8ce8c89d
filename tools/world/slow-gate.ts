/** A TCP proxy to a server on loopback. It can limit the rate, stall, or reset connections, as bad networks do. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Limits on the bytes that the server sends. `{}` is an unlimited network. */
export interface NetworkConditions {
  /** Limit for all connections together. */
  readonly bytesPerSecond?: number
  /** After this many bytes, counted from now on, all open and new connections are reset. */
  readonly resetsAfterBytes?: number
  /** After this many bytes, counted from now on, nothing more is sent, and connections stay open. */
  readonly stallsAfterBytes?: number
}

export interface Gate {
  readonly port: number
  /** Bytes that the server has sent through the gate since the last `setNetworkConditions`. */
  readonly bytesSent: number
  /** Changes the conditions from now on, also for open connections; by default to an unlimited network. */
  setNetworkConditions(conditions?: NetworkConditions): void
  stop(): Promise<void>
}

/** @param port where the gate listens; by default any free port */
export async function openGate(serverPort: number, port = 0): Promise<Gate> {
  const clients = new Set<Socket>()
  let conditions: NetworkConditions = {}
  let conditionsChange = Promise.withResolvers<void>()
  let bytesSent = 0
  /** When the next bytes may be sent at the limited rate, in milliseconds since 1970. */
  let nextSendAt = 0

  const isReset = () => bytesSent >= (conditions.resetsAfterBytes ?? Infinity)
  const isStalled = () => bytesSent >= (conditions.stallsAfterBytes ?? Infinity)

  async function* limit(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      while (isStalled()) await conditionsChange.promise
      if (conditions.bytesPerSecond !== undefined) {
        nextSendAt = Math.max(nextSendAt, Date.now()) + (chunk.length / conditions.bytesPerSecond) * 1000
        await Promise.race([sleep(Math.max(0, nextSendAt - Date.now())), conditionsChange.promise])
      }
      bytesSent += chunk.length
      if (isReset()) return resetAll()
      yield chunk
    }
  }
  const resetAll = () => clients.forEach((socket) => socket.resetAndDestroy())

  const gate = createServer((client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    if (isReset()) return void client.resetAndDestroy()
    const server = connect(serverPort, '127.0.0.1')
    // Not `pipeline`: when the server closes, it would destroy the client before the client has got all data.
    client.on('error', () => client.destroy()).pipe(server)
    client.once('close', () => server.destroy())
    server.on('error', () => server.destroy())
    void pipeline(server, limit, client).catch(() => client.destroy())
  })
  gate.listen(port, '127.0.0.1')
  await once(gate, 'listening')

  return {
    port: (gate.address() as AddressInfo).port,
    get bytesSent() {
      return bytesSent
    },
    setNetworkConditions(newConditions = {}) {
      conditions = newConditions
      bytesSent = 0
      nextSendAt = 0
      conditionsChange.resolve()
      conditionsChange = Promise.withResolvers()
      if (isReset()) resetAll()
    },
    async stop() {
      const closed = once(gate, 'close')
      gate.close()
      resetAll()
      await closed
    },
  }
}
