/** How a mirror's bytes go out: at its pace, and no further than it lets them. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MirrorBehaviour, Part } from './behaviour.ts'

export interface Sending {
  readonly reply: ServerResponse
  readonly part: Part
  /** Of the body, where it is known. */
  readonly size: number | undefined
  /** As it is now: it may change on the way. */
  manner(): MirrorBehaviour
  /** Bytes have gone. */
  sent(bytes: number): void
  /** Nothing more is said until the manner changes; then the connection is cut. */
  hang(): Promise<void>
}

/** What a connection has behind it. */
interface Line {
  sent: number
  /** When the next byte may go. */
  free: number
}

const lines = new WeakMap<object, Line>()
/** So that a timer which comes late does not slow the line down. */
const mayLag = 50

/** Sends a body to its end, or as far as the mirror's manner lets it. */
export async function send(body: AsyncIterable<Buffer>, sending: Sending): Promise<void> {
  const { reply, part, size } = sending
  const socket = reply.socket
  if (!socket) return
  const line = lines.get(socket) ?? { sent: 0, free: 0 }
  lines.set(socket, line)
  reply.flushHeaders()
  let gone = 0
  for await (let rest of body) {
    while (rest.length > 0) {
      const { bytesPerSecond = Infinity, drips, hangs, cutsAfter = Infinity } = sending.manner()
      if (reply.destroyed) return
      const rate = drips === part ? 1 : bytesPerSecond
      const untilHang = hangs === `${part}-body` ? Math.floor((size ?? rest.length) / 2) - gone : Infinity
      const untilCut = cutsAfter - line.sent
      const most = Math.min(Math.max(1, Math.floor(rate / 20)), untilHang, untilCut)
      const piece = rest.subarray(0, Math.max(0, most))
      rest = rest.subarray(piece.length)
      await turn(line, piece.length, rate)
      await written(reply, piece, piece.length >= untilCut)
      gone += piece.length
      line.sent += piece.length
      sending.sent(piece.length)
      if (piece.length >= untilCut) return void socket.destroy()
      if (piece.length >= untilHang) return sending.hang()
    }
  }
  reply.end()
}

async function turn(line: Line, bytes: number, rate: number): Promise<void> {
  if (rate === Infinity) return
  line.free = Math.max(line.free, Date.now() - mayLag) + (bytes / rate) * 1000
  const wait = line.free - Date.now()
  if (wait > 0) await sleep(wait, undefined, { ref: false })
}

/** Waits where the network is slower, and for the last piece before a cut until it has gone. */
async function written(reply: ServerResponse, piece: Buffer, last: boolean): Promise<void> {
  if (piece.length === 0 || reply.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const on = () => resolve()
  reply.once('close', on)
  const goesOn = reply.write(piece, last ? on : undefined)
  if (last) await promise
  else if (!goesOn) await (reply.once('drain', on), promise)
  reply.off('close', on).off('drain', on)
}
