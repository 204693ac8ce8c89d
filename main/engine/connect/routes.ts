/** The ways to an engine: a socket, TCP with or without TLS, the system's own ssh. */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import type { Candidate } from './contexts.ts'

export interface Route extends Docker.DockerOptions {
  /** Its connections are the session's own, and end with it. */
  readonly agent: HttpAgent
  /** For what lasts as long as somebody looks, where `agent` bounds how much is asked at once. */
  readonly lasting?: HttpAgent
}

/** As Node's global agent has it: idle connections are kept for 5 s. */
const reused = { keepAlive: true, timeout: 5_000, scheduling: 'lifo' } as const

/**
 * The options that lead dockerode to an endpoint, in the forms that `DOCKER_HOST` may have. `replaced` is called when
 * another engine has taken the place of a socket: no connection to that engine is opened.
 */
export function routeTo({ endpoint, certificates }: Candidate, replaced: () => void): Route {
  if (endpoint.startsWith('unix://')) {
    const socketPath = endpoint.slice('unix://'.length)
    return { socketPath, agent: new SocketAgent(socketPath, replaced) }
  }
  const url = new URL(endpoint)
  if (url.protocol === 'ssh:') return { host: 'docker', protocol: 'http', ...sshAgents(url) }
  if (url.protocol !== 'tcp:' && url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`${url.protocol}// is not a way to an engine`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!certificates && url.protocol !== 'https:')
    return { host, port: url.port || 2375, protocol: 'http', agent: new HttpAgent(reused) }
  const { verify = true, ...pems } = certificates ?? {}
  const agent = new HttpsAgent({ ...pems, rejectUnauthorized: verify, keepAlive: true })
  return { host, port: url.port || 2376, protocol: 'https', agent }
}

/** Opens connections to a socket only as long as it is the same socket: another one belongs to another engine. */
class SocketAgent extends HttpAgent {
  readonly #path
  readonly #replaced
  readonly #first

  constructor(path: string, replaced: () => void) {
    super(reused)
    this.#path = path
    this.#replaced = replaced
    this.#first = socketId(path)
  }

  override createConnection(...[options, created]: Parameters<HttpAgent['createConnection']>) {
    const now = socketId(this.#path)
    if (now === undefined || now === this.#first) return super.createConnection(options, created)
    this.#replaced()
    throw new Error(`${this.#path} is another socket now`)
  }
}

/** Not its ctime, which changes with its owner and mode. */
function socketId(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false, bigint: true })
  return file && `${file.dev} ${file.ino} ${file.birthtimeNs}`
}

/** A connection that is dead is found out within half a minute, also while nothing is asked. */
const sshOptions = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=10', 'ServerAliveCountMax=3'].flatMap(
  (option) => ['-o', option],
)

/** An sshd of the usual settings drops clients that open more than ten at once; those that are open it does not count. */
const sshAtOnce = 6

/**
 * Connections through the system's own ssh, with the user's keys, known hosts and jump hosts;
 * the ssh that docker-modem brings would accept any host's key.
 */
function sshAgents(url: URL) {
  const target = `${url.username ? `${decodeURIComponent(url.username)}@` : ''}${url.hostname}`
  const port = url.port ? ['-p', url.port] : []
  const command = [...sshOptions, ...port, '--', target, 'docker', 'system', 'dial-stdio']
  const createConnection = () => new ProgramSocket('ssh', command)
  return {
    agent: Object.assign(new HttpAgent({ keepAlive: true, maxSockets: sshAtOnce }), { createConnection }),
    lasting: Object.assign(new HttpAgent({ keepAlive: true }), { createConnection }),
  }
}

/** A program's input and output as a connection, as far as Node's HTTP client asks for one. */
class ProgramSocket extends Duplex {
  readonly #child
  /** What the program said about itself, for when it fails. */
  #said = ''

  constructor(command: string, args: readonly string[]) {
    // As a socket does, it closes when the other side has ended.
    super({ allowHalfOpen: false })
    const child = spawn(command, args, { stdio: 'pipe' })
    this.#child = child
    child.stdout.on('data', (data) => this.push(data) || child.stdout.pause())
    child.stderr.on('data', (data) => (this.#said = `${this.#said}${data}`.slice(-500)))
    child.stdin.on('error', () => {}) // its end tells more
    // Without the code: ENOENT is said of a missing socket.
    child.on('error', ({ message }) => this.destroy(new Error(message)))
    child.on('close', (code) => (code ? this.destroy(new Error(this.#said.trim())) : this.push(null)))
  }

  override _read() {
    this.#child.stdout.resume()
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    // Where it cannot be written, the program's end tells more.
    this.#child.stdin.write(chunk, () => done())
  }
  override _final(done: () => void) {
    this.#child.stdin.end()
    done()
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void) {
    this.#child.kill()
    done(error)
  }

  // What the HTTP client does to a socket, and a program has not.
  setKeepAlive = () => this
  setNoDelay = () => this
  setTimeout = () => this
  ref = () => this
  unref = () => this
}
