/**
 * A proxy in front of an engine. It removes the filters from requests to `/build/prune`, to simulate an engine that
 * ignores filters.
 */
import { createServer, request as sendRequest } from 'node:http'

export async function openFilterlessProxy(engineSocket: string) {
  const socket = `${engineSocket}.filterless`
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request
    const path = url.includes('/build/prune') ? url.replace(/&?filters=[^&]*/, '') : url
    const upstream = sendRequest({ socketPath: engineSocket, method, path, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      response.flushHeaders()
      reply.pipe(response)
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    socket,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}
