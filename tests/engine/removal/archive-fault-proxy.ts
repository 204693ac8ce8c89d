/** A proxy in front of an engine. It can damage the response to `docker save`, and can stall a `docker load`. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { passUpgrades } from '../upgrades.ts'

export type Fault =
  /** Sends half of the archive, then cuts the connection. */
  | 'cut'
  /** Sends half of the archive, then an error as the containerd store writes it, and ends the response normally. */
  | 'error-in-the-middle'
  /** Sends half of the archive and ends the response normally. */
  | 'half'
  /** Omits the two blocks of zeros that end a tar archive. */
  | 'no-end'
  /** Ends the response without a body. */
  | 'empty'
  /** Sends half of the archive, then nothing until `resume` is called. */
  | 'stall'
  /** Sends the first bytes of a load to the engine, then nothing until `resume` is called. */
  | 'stall-load'

const error = 'no space left on the disk of the engine'

export async function openArchiveFaultProxy(engineSocket: string) {
  const socket = `${engineSocket}.broken`
  let fault: Fault | undefined
  let stalled = Promise.withResolvers<void>()
  let resumed = Promise.withResolvers<void>()
  let closed = Promise.withResolvers<void>()

  async function sendDamaged(
    engineResponse: IncomingMessage,
    clientResponse: ServerResponse,
    kind: Exclude<Fault, 'stall-load'>,
  ) {
    const body = Buffer.concat(await engineResponse.toArray())
    const half = body.subarray(0, body.length / 2)
    clientResponse.on('close', () => closed.resolve())
    if (kind === 'cut') return clientResponse.write(half, () => clientResponse.destroy())
    if (kind === 'error-in-the-middle')
      return clientResponse.end(
        Buffer.concat([half, Buffer.from(`${JSON.stringify({ errorDetail: { message: error }, error })}\r\n`)]),
      )
    if (kind === 'half') return clientResponse.end(half)
    if (kind === 'no-end') return clientResponse.end(body.subarray(0, -1_024))
    if (kind === 'empty') return clientResponse.end()
    clientResponse.write(half)
    stalled.resolve()
    await resumed.promise
    return clientResponse.end(body.subarray(half.length))
  }

  const server = createServer((clientRequest, clientResponse) => {
    const { method, url: path = '', headers } = clientRequest
    const engineRequest = request({ socketPath: engineSocket, method, path, headers }, (engineResponse) => {
      clientResponse.writeHead(engineResponse.statusCode ?? 500, engineResponse.headers)
      // The client of the event stream needs the headers before the first event.
      clientResponse.flushHeaders()
      if (fault && fault !== 'stall-load' && path.includes('/images/get'))
        void sendDamaged(engineResponse, clientResponse, fault)
      else engineResponse.pipe(clientResponse)
      engineResponse.on('error', () => clientResponse.destroy())
    })
    engineRequest.on('error', () => clientResponse.destroy())
    clientResponse.on('close', () => engineRequest.destroy())
    if (fault !== 'stall-load' || !path.includes('/images/load')) return clientRequest.pipe(engineRequest)
    clientRequest.once('data', (firstChunk) => {
      engineRequest.write(firstChunk)
      clientRequest.pause()
      stalled.resolve()
      void resumed.promise.then(() => clientRequest.pipe(engineRequest))
    })
  })
  passUpgrades(server, engineSocket)
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  return {
    socket,
    error,
    setFault(newFault: Fault | undefined) {
      fault = newFault
      stalled = Promise.withResolvers()
      resumed = Promise.withResolvers()
      closed = Promise.withResolvers()
    },
    /** Resolves once a save or a load has stalled. */
    waitUntilStalled: () => stalled.promise,
    resume: () => resumed.resolve(),
    /** Resolves once the app has closed the connection or the damaged response has ended. */
    waitUntilClosed: () => closed.promise,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
