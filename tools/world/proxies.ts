/** The proxies that users run: an HTTP proxy as in companies, and a SOCKS5 proxy as Clash has. Both may want a login. */
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'

export interface UserProxy {
  readonly port: number
  /** What clients asked for, as `host:port`, in the order of their arrival. The host is as the client sent it. */
  readonly targets: readonly string[]
  stop(): Promise<void>
}

export interface UserProxyOptions {
  /** `user:password` */
  readonly login?: string
  /** Connects to what a client asks for. Default: by name or address. */
  readonly connectTo?: (host: string, port: number) => Promise<Duplex>
}

/** Connects through another HTTP proxy on loopback, such as the one of the world's hub. */
export const throughProxy = (proxyPort: number) => async (host: string, port: number) => {
  const request = httpRequest({ host: '127.0.0.1', port: proxyPort, method: 'CONNECT', path: `${host}:${port}` }).end()
  const [response, socket] = (await once(request, 'connect')) as [IncomingMessage, Socket]
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
  return socket
}

async function connectDirectly(host: string, port: number): Promise<Socket> {
  const socket = connect(port, host)
  await once(socket, 'connect')
  return socket
}

/** Serves CONNECT only, as a proxy for registries needs no more. */
export async function startHttpProxy({
  login,
  connectTo = connectDirectly,
}: UserProxyOptions = {}): Promise<UserProxy> {
  const targets: string[] = []
  const expected = login && `Basic ${Buffer.from(login).toString('base64')}`
  const server = createHttpServer((_, response) => response.writeHead(405).end())
  server.on('connect', ({ url = '', headers }: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    if (expected !== undefined && headers['proxy-authorization'] !== expected)
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n')
    targets.push(url)
    const { hostname, port } = new URL(`http://${url}`)
    connectTo(hostname, Number(port || 80)).then(
      (upstream) => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        if (head.length > 0) upstream.write(head)
        join(client, upstream)
      },
      () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
    )
  })
  return listen(server, targets)
}

/** @see RFC 1928 and RFC 1929 */
export async function startSocks5Proxy({
  login,
  connectTo = connectDirectly,
}: UserProxyOptions = {}): Promise<UserProxy> {
  const targets: string[] = []
  const methods = { none: 0, login: 2 }
  const server = createServer((client) => {
    client.on('error', () => client.destroy())
    void serve(client).catch(() => client.destroy())
  })

  async function serve(client: Socket): Promise<void> {
    const [version = 0, methodCount = 0] = await read(client, 2)
    if (version !== 5) return void client.destroy()
    const wanted = login === undefined ? methods.none : methods.login
    const isOffered = (await read(client, methodCount)).includes(wanted)
    client.write(Buffer.from([5, isOffered ? wanted : 0xff]))
    if (!isOffered) return void client.end()
    if (login !== undefined && !(await acceptLogin(client))) return void client.end()
    const { host, port } = await readTarget(client)
    targets.push(`${host}:${port}`)
    const reply = (code: number) => client.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]))
    const upstream = await connectTo(host, port).catch(() => undefined)
    reply(upstream ? 0 : 4)
    if (upstream) join(client, upstream)
    else client.end()
  }

  async function acceptLogin(client: Socket): Promise<boolean> {
    const [, nameLength = 0] = await read(client, 2)
    const name = await read(client, nameLength)
    const [passwordLength = 0] = await read(client, 1)
    const isRight = `${name.toString()}:${(await read(client, passwordLength)).toString()}` === login
    client.write(Buffer.from([1, isRight ? 0 : 1]))
    return isRight
  }

  return listen(server, targets)
}

async function readTarget(client: Socket): Promise<{ host: string; port: number }> {
  const [, , , type = 0] = await read(client, 4)
  const length = type === 1 ? 4 : type === 4 ? 16 : (await read(client, 1))[0]!
  const address = await read(client, length)
  const host = type === 3 ? address.toString() : [...address].join('.')
  return { host, port: (await read(client, 2)).readUInt16BE() }
}

/** Reads exactly `length` bytes. Rejects if the client closes before. */
async function read(client: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = length === 0 ? Buffer.alloc(0) : (client.read(length) as Buffer | null)
    if (bytes?.length === length) return bytes
    await Promise.race([once(client, 'readable'), once(client, 'end').then(() => Promise.reject(new Error('closed')))])
  }
}

function join(client: Duplex, upstream: Duplex): void {
  upstream.on('error', () => client.destroy()).pipe(client)
  client.once('close', () => upstream.destroy()).pipe(upstream)
  upstream.once('close', () => client.destroy())
}

async function listen(server: Server, targets: readonly string[]): Promise<UserProxy> {
  const clients = new Set<Socket>()
  server.on('connection', (client: Socket) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
