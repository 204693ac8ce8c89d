/** A way to a real engine that can break its answer to `docker save`, and can hold back a `docker load`. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { passUpgrades } from '../upgrades.ts'

export type Fault =
  /** Half of the archive, then the connection is cut. */
  | 'cut'
  /** Half of the archive, then an error as the containerd store writes it; the answer ends properly. */
  | 'error-in-the-middle'
  /** Half of the archive; the answer ends properly. */
  | 'half'
  /** All but the blocks of zeros at the end. */
  | 'no-end'
  | 'empty'
  /** Half of the archive, and then nothing until `resume`. */
  | 'stall'
  /** A load's first bytes, and then nothing until `resume`. */
  | 'stall-load'

const error = 'no space left on the disk of the engine'

export async function brokenExports(engine: string) {
  const socket = `${engine}.broken`
  let fault: Fault | undefined
  let stalled = Promise.withResolvers<void>()
  let resumed = Promise.withResolvers<void>()
  let closed = Promise.withResolvers<void>()

  async function breakOff(answer: IncomingMessage, to: ServerResponse, kind: Exclude<Fault, 'stall-load'>) {
    const body = Buffer.concat(await answer.toArray())
    const half = body.subarray(0, body.length / 2)
    to.on('close', () => closed.resolve())
    if (kind === 'cut') return to.write(half, () => to.destroy())
    if (kind === 'error-in-the-middle')
      return to.end(
        Buffer.concat([half, Buffer.from(`${JSON.stringify({ errorDetail: { message: error }, error })}\r\n`)]),
      )
    if (kind === 'half') return to.end(half)
    if (kind === 'no-end') return to.end(body.subarray(0, -1_024))
    if (kind === 'empty') return to.end()
    to.write(half)
    stalled.resolve()
    await resumed.promise
    return to.end(body.subarray(half.length))
  }

  const server = createServer((from, to) => {
    const { method, url: path = '', headers } = from
    const upstream = request({ socketPath: engine, method, path, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 500, answer.headers)
      // Events come later than their headers.
      to.flushHeaders()
      if (fault && fault !== 'stall-load' && path.includes('/images/get')) void breakOff(answer, to, fault)
      else answer.pipe(to)
      answer.on('error', () => to.destroy())
    })
    upstream.on('error', () => to.destroy())
    to.on('close', () => upstream.destroy())
    if (fault !== 'stall-load' || !path.includes('/images/load')) return from.pipe(upstream)
    from.once('data', (first) => {
      upstream.write(first)
      from.pause()
      stalled.resolve()
      void resumed.promise.then(() => from.pipe(upstream))
    })
  })
  passUpgrades(server, engine)
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  return {
    socket,
    error,
    break(next: Fault | undefined) {
      fault = next
      stalled = Promise.withResolvers()
      resumed = Promise.withResolvers()
      closed = Promise.withResolvers()
    },
    /** Resolves when half of an archive was saved, or the first bytes of one were loaded. */
    stalled: () => stalled.promise,
    resume: () => resumed.resolve(),
    /** Resolves when the app has closed the connection, or the answer ended. */
    closed: () => closed.promise,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
