/**
 * A proxy in front of an engine. It answers chosen requests with an error, and counts connections to the content store.
 */
import { connect, createServer, type Socket } from 'node:net'

export const injectedMessage = 'failure injected by a test'
const body = JSON.stringify({ message: injectedMessage })
const failure = `HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

export type FailingProxy = Awaited<ReturnType<typeof openFailingProxy>>

export async function openFailingProxy(engineSocket: string) {
  const socket = `${engineSocket}.failing`
  const requests: string[] = []
  const contentConnections = new Set<Socket>()
  const clients = new Set<Socket>()
  let shouldFail: (path: string) => boolean = () => false

  const server = createServer((client) => {
    clients.add(client)
    const upstream = connect(engineSocket)
    client.on('data', (data) => {
      // A client writes the head of a request in one chunk, and sends the next request only after the response.
      const [, method, path = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(data.toString('latin1')) ?? []
      if (method !== undefined) {
        requests.push(`${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`)
        if (shouldFail(path)) return void client.write(failure)
        if (path.includes('/grpc')) contentConnections.add(client)
      }
      upstream.write(data)
    })
    upstream.pipe(client)
    client
      .on('error', () => upstream.destroy())
      .on('close', () => {
        clients.delete(client)
        contentConnections.delete(client)
        upstream.destroy()
      })
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  return {
    socket,
    /** The number of open connections to the content store. */
    get contentConnections() {
      return contentConnections.size
    },
    /** The requests since the last call, without API version and query. */
    takeRequests: () => requests.splice(0),
    /** From now on, answers matching requests with status 500. */
    failOn: (matches: (path: string) => boolean) => void (shouldFail = matches),
    stopFailing: () => void (shouldFail = () => false),
    close() {
      for (const client of clients) client.destroy()
      server.close()
    },
  }
}
