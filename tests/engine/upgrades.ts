import { request, type Server } from 'node:http'

/**
 * Makes an HTTP proxy forward `Upgrade` requests, and the connections that they open, to the engine at this socket.
 * Slipway reads the engine's content store over such a connection (HTTP/2).
 */
export function passUpgrades(server: Server, engineSocket: string): void {
  server.on('upgrade', ({ method, url, headers }, client, head) => {
    const upgradeRequest = request({ socketPath: engineSocket, method, path: url, headers })
    upgradeRequest.on('upgrade', ({ headers: { upgrade } }, upstream, firstBytes) => {
      client.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`)
      client.write(firstBytes)
      upstream.write(head)
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
      upstream.pipe(client).pipe(upstream)
    })
    upgradeRequest.on('response', () => client.destroy()).on('error', () => client.destroy())
    upgradeRequest.end()
  })
}
