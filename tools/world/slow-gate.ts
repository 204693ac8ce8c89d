/** A gate before a server of this machine: it lets bytes through slowly, stalls, or breaks off, as networks do. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface NetworkConditions {
  /** Of all answers together. */
  readonly bytesPerSecond?: number
  /** After so many bytes of answers, counted from now, all connections are cut, and new ones too. */
  readonly diesAfter?: number
  /** After so many bytes of answers, counted from now, nothing more comes, and connections stay open. */
  readonly stallsAfter?: number
}

export interface Gate {
  readonly port: number
  /** Bytes of answers since the last `behave`. */
  readonly passed: number
  /** From now on, also for connections that are open. Without anything the gate is wide open. */
  behave(weather?: NetworkConditions): void
  stop(): Promise<void>
}

export async function openGate(to: number, port = 0): Promise<Gate> {
  const open = new Set<Socket>()
  let weather: NetworkConditions = {}
  let changed = Promise.withResolvers<void>()
  let passed = 0
  let free = 0

  const dead = () => passed >= (weather.diesAfter ?? Infinity)
  const stalled = () => passed >= (weather.stallsAfter ?? Infinity)

  async function* answers(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      while (stalled()) await changed.promise
      if (weather.bytesPerSecond !== undefined) {
        free = Math.max(free, Date.now()) + (piece.length / weather.bytesPerSecond) * 1000
        await Promise.race([sleep(Math.max(0, free - Date.now())), changed.promise])
      }
      passed += piece.length
      if (dead()) return cut()
      yield piece
    }
  }
  const cut = () => open.forEach((socket) => socket.resetAndDestroy())

  const server = createServer((client) => {
    open.add(client)
    client.once('close', () => open.delete(client))
    if (dead()) return void client.resetAndDestroy()
    const inner = connect(to, '127.0.0.1')
    // Not a pipeline: it would end the client as soon as the server ends, with answers still on their way.
    client.on('error', () => client.destroy()).pipe(inner)
    client.once('close', () => inner.destroy())
    inner.on('error', () => inner.destroy())
    void pipeline(inner, answers, client).catch(() => client.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    get passed() {
      return passed
    },
    behave(next = {}) {
      weather = next
      passed = 0
      free = 0
      changed.resolve()
      changed = Promise.withResolvers()
      if (dead()) cut()
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}
