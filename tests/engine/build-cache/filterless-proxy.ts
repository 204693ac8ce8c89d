/** A way to an engine that drops the filters of `/build/prune`, as an engine would that does not know them. */
import { createServer, request } from 'node:http'

export async function withoutPruneFilters(engine: string) {
  const socket = `${engine}.careless`
  const server = createServer((from, to) => {
    const { method, url: path = '', headers } = from
    const meant = path.includes('/build/prune') ? path.replace(/&?filters=[^&]*/, '') : path
    const upstream = request({ socketPath: engine, method, path: meant, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      to.flushHeaders()
      answer.pipe(to)
    })
    upstream.on('error', () => to.destroy())
    to.on('close', () => upstream.destroy())
    from.pipe(upstream)
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
