/** The demo world: an engine with realistic images. It ends when it is stopped or its parent process dies. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Demo {
  readonly socket: string
  /** Writes the demo's mirrors to the list of user mirrors in the app's configuration folder. */
  prepareConfig(config: string): void
  /** Environment variables that make the app use the demo's Docker Hub and mirrors. */
  readonly env: NodeJS.ProcessEnv
  stop(): Promise<void>
}

export async function startDemo(): Promise<Demo> {
  const child = spawn(process.execPath, ['tools/world/main.ts', 'demo'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const [socket, proxy, certificate, mirrors] = await new Promise<string[]>((resolve, reject) => {
    const lines: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line) === 4 && resolve(lines))
    child.once('exit', (code) => reject(new Error(`the demo world exited with code ${code}`)))
  })
  if (!socket || !proxy || !certificate || !mirrors) throw new Error('the demo world did not print its addresses')
  const server = await forwardPort(proxy)
  return {
    socket,
    prepareConfig(config) {
      mkdirSync(join(config, 'Slipway'), { recursive: true })
      writeFileSync(join(config, 'Slipway/mirrors.json'), JSON.stringify({ own: mirrors.split(' ') }))
    },
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${server.port}`,
      // Mirrors must go through the proxy, because their names only exist in the demo world.
      NO_PROXY: '127.0.0.1,localhost',
      SSL_CERT_FILE: certificate,
    },
    async stop() {
      server.close()
      // The world ends when its standard input closes.
      child.stdin.end()
      await ended
    },
  }
}

/** Forwards a local port to a Unix socket of the world: the world has its own network namespace. */
async function forwardPort(socket: string) {
  const server = createServer((client) => {
    const target = connect(socket)
    client.on('error', () => client.destroy()).once('close', () => target.destroy())
    target.on('error', () => target.destroy()).once('close', () => client.end())
    client.pipe(target).pipe(client)
  })
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}
