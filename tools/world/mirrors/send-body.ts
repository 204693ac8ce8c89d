/** Sends the body of a response as a mirror's behaviour demands: throttled, cut, or stopped halfway. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MirrorBehaviour, Resource } from './behaviour.ts'

export interface SendOptions {
  readonly response: ServerResponse
  readonly resource: Resource
  /** Bytes of the body, undefined if unknown. */
  readonly size: number | undefined
  /** The current behaviour, which may change while the body is sent. */
  getBehaviour(): MirrorBehaviour
  onSent(bytes: number): void
  /** Waits for the next change of the mirror's behaviour, and then cuts the connection. */
  hang(): Promise<void>
}

interface ConnectionState {
  bytesSent: number
  /** When the next byte may be sent at the limited rate, in milliseconds since 1970. */
  nextSendAt: number
}

const connections = new WeakMap<object, ConnectionState>()
/** How late a timer may fire without lowering the rate. */
const timerToleranceMs = 50

/** Sends a body to its end, or until the mirror's behaviour stops it. */
export async function sendBody(body: AsyncIterable<Buffer>, options: SendOptions): Promise<void> {
  const { response, resource, size } = options
  const socket = response.socket
  if (!socket) return
  const connection = connections.get(socket) ?? { bytesSent: 0, nextSendAt: 0 }
  connections.set(socket, connection)
  response.flushHeaders()
  let bodyBytesSent = 0
  for await (let remaining of body) {
    while (remaining.length > 0) {
      const { bytesPerSecond = Infinity, drips, hangs, cutsAfterBytes = Infinity } = options.getBehaviour()
      if (response.destroyed) return
      const rate = drips === resource ? 1 : bytesPerSecond
      const bytesUntilHang =
        hangs === `${resource}-body` ? Math.floor((size ?? remaining.length) / 2) - bodyBytesSent : Infinity
      const bytesUntilCut = cutsAfterBytes - connection.bytesSent
      const maxBytes = Math.min(Math.max(1, Math.floor(rate / 20)), bytesUntilHang, bytesUntilCut)
      const chunk = remaining.subarray(0, Math.max(0, maxBytes))
      remaining = remaining.subarray(chunk.length)
      await waitForRate(connection, chunk.length, rate)
      await write(response, chunk, chunk.length >= bytesUntilCut)
      bodyBytesSent += chunk.length
      connection.bytesSent += chunk.length
      options.onSent(chunk.length)
      if (chunk.length >= bytesUntilCut) return void socket.destroy()
      if (chunk.length >= bytesUntilHang) return options.hang()
    }
  }
  response.end()
}

/** Waits until `bytes` more may be sent at a rate in bytes per second. */
async function waitForRate(connection: ConnectionState, bytes: number, rate: number): Promise<void> {
  if (rate === Infinity) return
  connection.nextSendAt = Math.max(connection.nextSendAt, Date.now() - timerToleranceMs) + (bytes / rate) * 1000
  const waitMs = connection.nextSendAt - Date.now()
  if (waitMs > 0) await sleep(waitMs, undefined, { ref: false })
}

/** Writes a chunk and waits until the buffer has room again; for the last chunk before a cut, until it is sent. */
async function write(response: ServerResponse, chunk: Buffer, isLast: boolean): Promise<void> {
  if (chunk.length === 0 || response.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const proceed = () => resolve()
  response.once('close', proceed)
  const hasRoom = response.write(chunk, isLast ? proceed : undefined)
  if (isLast) await promise
  else if (!hasRoom) await (response.once('drain', proceed), promise)
  response.off('close', proceed).off('drain', proceed)
}
