/** Leads a client of the hub's proxy on to one of the world's mirrors: for those who do not share the world's names. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

export const isMirror = (target: string): boolean => /^[a-z0-9.-]+\.test:443$/.test(target)

/** What is not to be reached is told as proxies do: 502, whatever the reason. */
export function leadOn(target: string, client: Duplex, head: Buffer): void {
  const onward = connect(443, target.replace(/:443$/, ''))
  const refused = () => void client.end(badGateway)
  onward.once('error', refused)
  onward.once('connect', () => {
    onward.off('error', refused).on('error', () => client.destroy())
    client.write(established)
    onward.write(head)
    client.pipe(onward).pipe(client)
  })
  client.once('close', () => onward.destroy())
}

export const established = 'HTTP/1.1 200 Connection established\r\n\r\n'
export const badGateway = 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
