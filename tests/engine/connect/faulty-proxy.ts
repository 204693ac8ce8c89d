/**
 * A proxy in front of an engine. It can delay chosen requests, can delay, drop or replace their responses, and can go
 * offline.
 */
import { once } from 'node:events'
import { createServer, request as sendRequest, type IncomingMessage } from 'node:http'
import { setImmediate as nextImmediate } from 'node:timers/promises'
import { passUpgrades } from '../upgrades.ts'

export type Fault =
  /** The request reaches the engine only after `release`. */
  | 'hold-request'
  /** The engine answers at once; the response reaches the client only after `release`. */
  | 'hold-response'
  /** The engine answers, but the connection is cut before the response reaches the client. */
  | 'drop-response'
  /** The connection is cut at once; the request still reaches the engine, but only after `release`. */
  | 'deliver-late'
  /** The engine answers, but the client gets an error with this status instead. */
  | 504
  | 500

interface FaultHandle {
  /** Resolves when a matching request has arrived. */
  readonly arrived: Promise<void>
  /** Resolves when the engine has answered. With `hold-request`, this never resolves. */
  readonly answered: Promise<void>
  release(): void
}

interface PendingFault extends FaultHandle {
  readonly fault: Fault
  readonly matches: (request: string) => boolean
  markArrived(): void
  markAnswered(): void
  readonly released: Promise<void>
}

export type FaultyProxy = Awaited<ReturnType<typeof openFaultyProxy>>

/**
 * Starts a proxy in front of the engine at this socket.
 * @param options.keepAlive if false, each request needs a new connection
 */
export async function openFaultyProxy(engineSocket: string, { keepAlive = true } = {}) {
  const socket = `${engineSocket}.faulty`
  const pending: PendingFault[] = []
  const requests: string[] = []
  let watcher: { matches: (request: string) => boolean; onRequest: (request: string) => void } | undefined

  const server = createServer(async (request, response) => {
    const { method, url: path = '', headers } = request
    const requestLine = `${method} ${decodeURIComponent(path)}`
    requests.push(requestLine)
    if (watcher?.matches(requestLine)) watcher.onRequest(requestLine)
    const index = pending.findIndex(({ matches }) => matches(requestLine))
    const [injected] = index < 0 ? [] : pending.splice(index, 1)
    const fault = injected?.fault
    // The client's connection is cut below, so the body of such a request is read first.
    const body = fault === 'deliver-late' ? Buffer.concat(await request.toArray()) : undefined
    injected?.markArrived()
    if (fault === 'deliver-late') response.destroy()
    if (fault === 'deliver-late' || fault === 'hold-request') await injected?.released

    const upstream = sendRequest({ socketPath: engineSocket, method, path, headers }, (reply) => void answer(reply))
    upstream.on('error', () => response.destroy())
    if (fault === undefined || fault === 'hold-request') response.on('close', () => upstream.destroy())
    if (body) upstream.end(body)
    else request.pipe(upstream)

    async function answer(reply: IncomingMessage) {
      reply.on('error', () => response.destroy())
      if (!injected || fault === 'hold-request') return forward(reply)
      const replyBody = Buffer.concat(await reply.toArray())
      injected.markAnswered()
      if (fault === 'deliver-late') return
      if (fault === 'drop-response') return response.destroy()
      if (fault === 'hold-response') {
        await injected.released
        return response.writeHead(reply.statusCode ?? 500, { 'content-type': 'application/json' }).end(replyBody)
      }
      return response
        .writeHead(fault ?? 500, { 'content-type': 'application/json' })
        .end('{"message":"failure injected by a test"}')
    }
    function forward(reply: IncomingMessage) {
      response.writeHead(reply.statusCode ?? 500, { ...reply.headers, ...(!keepAlive && { connection: 'close' }) })
      // The stream of events sends its headers long before its first event.
      response.flushHeaders()
      reply.pipe(response)
    }
  })
  passUpgrades(server, engineSocket)
  let openConnections = 0
  server.on('connection', (connection) => {
    openConnections++
    connection.once('close', () => openConnections--)
  })
  const listen = () => new Promise<void>((resolve) => void server.listen(socket, resolve))
  await listen()

  return {
    socket,
    /** Method and path of each request so far, such as `DELETE /v1.41/images/one:1?`. */
    requests,
    /** From now on, calls `onRequest` before a matching request reaches the engine. */
    watch(matches: (request: string) => boolean, onRequest: (request: string) => void) {
      watcher = { matches, onRequest }
    },
    /** The number of open connections from clients. */
    connections: () => openConnections,
    /** Injects a fault into the next request that matches. */
    inject(fault: Fault, matches: (request: string) => boolean): FaultHandle {
      const [arrived, answered, released] = [1, 2, 3].map(() => Promise.withResolvers<void>())
      const injected: PendingFault = {
        ...{ fault, matches, arrived: arrived!.promise, answered: answered!.promise, released: released!.promise },
        markArrived: arrived!.resolve,
        markAnswered: answered!.resolve,
        release: released!.resolve,
      }
      pending.push(injected)
      return injected
    },
    /** Cuts all connections except upgraded ones, and accepts no new ones until `goOnline`. */
    async goOffline() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await Promise.race([closed, nextImmediate()])
    },
    goOnline: listen,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
