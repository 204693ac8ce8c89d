/** Lets clients that cannot resolve the world's names reach its mirrors through the hub's proxy. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

export const isMirrorTarget = (target: string): boolean => /^[a-z0-9.-]+\.test:443$/.test(target)

/** Connects a proxy client to a mirror. Every failure is a 502, as with real proxies. */
export function tunnelToMirror(target: string, client: Duplex, head: Buffer): void {
  const upstream = connect(443, target.replace(/:443$/, ''))
  const respondBadGateway = () => void client.end(badGateway)
  upstream.once('error', respondBadGateway)
  upstream.once('connect', () => {
    upstream.off('error', respondBadGateway).on('error', () => client.destroy())
    client.write(connectionEstablished)
    upstream.write(head)
    client.pipe(upstream).pipe(client)
  })
  client.once('close', () => upstream.destroy())
}

export const connectionEstablished = 'HTTP/1.1 200 Connection established\r\n\r\n'
export const badGateway = 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
