/** A way to a real engine on which chosen answers are failures, and on which sessions with the content store are counted. */
import { connect, createServer, type Socket } from 'node:net'

const said = JSON.stringify({ message: 'as a test wants it' })
const failure = `HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: ${said.length}\r\n\r\n${said}`

export async function breakingProxy(engine: string) {
  const socket = `${engine}.breaking`
  const requests: string[] = []
  const sessions = new Set<Socket>()
  const clients = new Set<Socket>()
  let breaks: (path: string) => boolean = () => false

  const server = createServer((client) => {
    clients.add(client)
    const upstream = connect(engine)
    client.on('data', (data) => {
      // A client writes the head of a request in one go, and waits for the answer before the next one.
      const [, method, path = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(data.toString('latin1')) ?? []
      if (method !== undefined) {
        requests.push(`${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`)
        if (breaks(path)) return void client.write(failure)
        if (path.includes('/grpc')) sessions.add(client)
      }
      upstream.write(data)
    })
    upstream.pipe(client)
    client
      .on('error', () => upstream.destroy())
      .on('close', () => {
        clients.delete(client)
        sessions.delete(client)
        upstream.destroy()
      })
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(socket, resolve))
  return {
    socket,
    /** Connections to the content store that are open now. */
    get sessions() {
      return sessions.size
    },
    /** The requests since this was last asked, without version and query. */
    take: () => requests.splice(0),
    /** From now on, answers to these are failures of the engine. */
    break: (which: (path: string) => boolean) => void (breaks = which),
    mend: () => void (breaks = () => false),
    close() {
      for (const client of clients) client.destroy()
      server.close()
    },
  }
}
