/** Transports to an engine: a Unix socket, TCP with or without TLS, or the system's ssh. */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import type { SshEndpoint, TcpEndpoint } from '../../../model/engine/endpoint.ts'
import { sshArguments } from '../../../model/engine/ssh-command.ts'
import type { Candidate, HostEnvironment } from './candidates.ts'

export interface Route extends Docker.DockerOptions {
  /** Used by one session only, and destroyed when the session ends. */
  readonly agent: HttpAgent
  /** For long-lived requests, if `agent` limits the number of connections. */
  readonly longLivedAgent?: HttpAgent
  /** Precedes the path of each request, such as `/docker` for `tcp://host/docker`. */
  readonly pathPrefix?: string
}

/** The options of Node's global agent: idle connections close after 5 s. */
const keepAliveOptions = { keepAlive: true, timeout: 5_000, scheduling: 'lifo' } as const

/**
 * @returns the dockerode options for an engine
 * @param env the environment of ssh
 * @param onReplaced called when another socket has replaced the engine's socket; the agent does not connect to it
 */
export function routeTo({ at, certificates }: Candidate, env: HostEnvironment['env'], onReplaced: () => void): Route {
  switch (at.kind) {
    case 'unix':
      return { socketPath: at.path, protocol: 'http', agent: new SocketAgent(at.path, onReplaced) }
    case 'tcp':
      return tcpRoute(at, certificates)
    case 'ssh':
      return { host: 'docker', protocol: 'http', ...sshAgents(at, env) }
  }
}

function tcpRoute({ host, port, pathPrefix, https }: TcpEndpoint, certificates: Candidate['certificates']): Route {
  const usesTls = https || certificates !== undefined
  const { verify = true, ...pems } = certificates ?? {}
  const agent = usesTls
    ? new HttpsAgent({ ...pems, rejectUnauthorized: verify, keepAlive: true })
    : new HttpAgent(keepAliveOptions)
  const protocol = usesTls ? 'https' : 'http'
  // docker-modem would read `fd00::1` as the protocol `fd00:`. It cannot parse an address with a zone at all.
  const [address = '', zone] = host.split('%')
  if (zone !== undefined) connectTo(agent, host)
  const urlHost = address.includes(':') ? `[${address}]` : address
  return { host: `${protocol}://${urlHost}`, port, protocol, agent, pathPrefix }
}

/** Makes an agent connect to this host, whatever host its requests name. */
function connectTo(agent: HttpAgent, host: string) {
  const createConnection = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => createConnection({ ...options, host }, callback)
}

/** Refuses to connect once the socket file has been replaced: the new socket may belong to another engine. */
class SocketAgent extends HttpAgent {
  readonly #path
  readonly #onReplaced
  readonly #firstId

  constructor(path: string, onReplaced: () => void) {
    super(keepAliveOptions)
    this.#path = path
    this.#onReplaced = onReplaced
    this.#firstId = socketId(path)
  }

  override createConnection(...[options, callback]: Parameters<HttpAgent['createConnection']>) {
    const currentId = socketId(this.#path)
    if (currentId === undefined || currentId === this.#firstId) return super.createConnection(options, callback)
    this.#onReplaced()
    throw new Error(`${this.#path} was replaced by another socket`)
  }
}

/** @returns a text that identifies a socket file. The ctime is not part of it, because chown and chmod change the ctime. */
function socketId(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false, bigint: true })
  return file && `${file.dev} ${file.ino} ${file.birthtimeNs}`
}

/** By default, sshd refuses some new connections while ten others are not authenticated yet (MaxStartups). */
const maxSshConnections = 6

/**
 * Agents that connect through the system's ssh, with the user's keys, known hosts and jump hosts. The ssh client of
 * docker-modem would accept any host key.
 */
function sshAgents(endpoint: SshEndpoint, env: HostEnvironment['env']) {
  const command = sshArguments(endpoint)
  const createConnection = () => new ProgramSocket('ssh', command, env)
  return {
    agent: Object.assign(new HttpAgent({ keepAlive: true, maxSockets: maxSshConnections }), { createConnection }),
    longLivedAgent: Object.assign(new HttpAgent({ keepAlive: true }), { createConnection }),
  }
}

/** A child process's stdin and stdout as a socket, as far as Node's HTTP client needs one. */
class ProgramSocket extends Duplex {
  readonly #child
  /** The last 500 characters of stderr, used as the error message. */
  #stderr = ''

  constructor(command: string, args: readonly string[], env: HostEnvironment['env']) {
    // Like a net.Socket, close once the other side has ended.
    super({ allowHalfOpen: false })
    const child = spawn(command, args, { stdio: 'pipe', env })
    this.#child = child
    child.stdout.on('data', (data) => this.push(data) || child.stdout.pause())
    child.stderr.on('data', (data) => (this.#stderr = `${this.#stderr}${data}`.slice(-500)))
    child.stdin.on('error', () => {}) // The exit of the child has the reason.
    // The error code is omitted, because `engineFailure` would interpret ENOENT as a missing socket.
    child.on('error', ({ message }) => this.destroy(new Error(message)))
    child.on('close', (code) => (code ? this.destroy(new Error(this.#stderr.trim())) : this.push(null)))
  }

  override _read() {
    this.#child.stdout.resume()
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    // A write error is ignored: the exit of the child has the reason.
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

  // Socket methods that the HTTP client calls and that have no meaning for a child process.
  setKeepAlive = () => this
  setNoDelay = () => this
  setTimeout = () => this
  ref = () => this
  unref = () => this
}
