/** For a proxy before an engine: connections that change their protocol are passed on as they are. */
import { request, type Server } from 'node:http'

/** The engine's content store is read over HTTP/2. */
export function passUpgrades(server: Server, engine: string): void {
  server.on('upgrade', ({ method, url, headers }, client, head) => {
    const upstream = request({ socketPath: engine, method, path: url, headers })
    upstream.on('upgrade', ({ headers: { upgrade } }, engineSide, first) => {
      client.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`)
      client.write(first)
      engineSide.write(head)
      client.on('error', () => engineSide.destroy()).on('close', () => engineSide.destroy())
      engineSide.on('error', () => client.destroy()).on('close', () => client.destroy())
      engineSide.pipe(client).pipe(engineSide)
    })
    upstream.on('response', () => client.destroy()).on('error', () => client.destroy())
    upstream.end()
  })
}
