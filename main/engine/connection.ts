/** Reaching one engine: the way there, the version spoken, and what kind of engine it is. */
import { spawn } from 'node:child_process'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Duplex } from 'node:stream'
import Docker from 'dockerode'
import * as v from 'valibot'
import { fail, ok, type EngineFailure, type Result } from '../../preload/contract/index.ts'
import { agreedApi, capabilities, oldestApi, type Capabilities } from './capabilities.ts'
import type { Candidate } from './contexts.ts'
import { ping } from './dial.ts'
import { engineFailure } from './errors.ts'
import { info, version } from './replies.ts'

export interface Connection {
  readonly candidate: Candidate
  readonly docker: Docker
  readonly capabilities: Capabilities
}

/** An engine that takes the connection and then says nothing for this long counts as not answering. */
const patience = 10_000

export async function connect(candidate: Candidate): Promise<Result<Connection, EngineFailure>> {
  const { endpoint } = candidate
  try {
    const route = routeTo(candidate)
    const offered = await offeredApi(new Docker(route), endpoint)
    if (!offered.ok) return offered
    const api = agreedApi(offered.value)
    if (!api) return fail({ code: 'engine-too-old', endpoint, api: offered.value, needed: oldestApi })

    const docker = new Docker({ ...route, version: `v${api}` })
    const [told, about] = await Promise.all([docker.version(), docker.info()])
    const { Version, Components } = v.parse(version, told)
    const { DockerRootDir, DriverStatus } = v.parse(info, about)
    const product = Components.some(({ Name }) => Name.startsWith('Podman')) ? 'Podman' : 'Docker'
    return ok({
      candidate,
      docker,
      capabilities: capabilities({
        version: Version.replace(/\+.*/, ''),
        api,
        product,
        rootDir: DockerRootDir,
        driverStatus: DriverStatus,
      }),
    })
  } catch (error) {
    return fail(engineFailure(error, endpoint))
  }
}

async function offeredApi(docker: Docker, endpoint: string): Promise<Result<string, EngineFailure>> {
  const silence = AbortSignal.timeout(patience)
  try {
    const headers = await ping(docker, silence)
    const api = headers['api-version'] ?? headers['libpod-api-version']
    return typeof api === 'string' ? ok(api) : fail({ code: 'engine-unreachable', endpoint, detail: '' })
  } catch (error) {
    return fail(silence.aborted ? { code: 'engine-unreachable', endpoint, detail: '' } : engineFailure(error, endpoint))
  }
}

interface Route extends Docker.DockerOptions {
  readonly agent?: HttpAgent
}

/** The options that lead dockerode to an endpoint, in the forms that `DOCKER_HOST` may have. */
function routeTo({ endpoint, certificates }: Candidate): Route {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) }
  const url = new URL(endpoint)
  if (url.protocol === 'ssh:') return { host: 'docker', protocol: 'http', agent: sshAgent(url) }
  if (url.protocol !== 'tcp:' && url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`${url.protocol}// is not a way to an engine`)
  const host = url.hostname
  if (!certificates && url.protocol !== 'https:') return { host, port: url.port || 2375, protocol: 'http' }
  const { verify = true, ...pems } = certificates ?? {}
  const agent = new HttpsAgent({ ...pems, rejectUnauthorized: verify, keepAlive: true })
  return { host, port: url.port || 2376, protocol: 'https', agent }
}

/**
 * Connections through the system's own ssh, with the user's keys, known hosts and jump hosts;
 * the ssh that docker-modem brings would accept any host's key.
 */
function sshAgent(url: URL): HttpAgent {
  const target = `${url.username ? `${decodeURIComponent(url.username)}@` : ''}${url.hostname}`
  const port = url.port ? ['-p', url.port] : []
  const agent = new HttpAgent({ keepAlive: true })
  agent.createConnection = () => {
    const child = spawn('ssh', ['-o', 'BatchMode=yes', ...port, '--', target, 'docker', 'system', 'dial-stdio'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const pipe = Duplex.from({ readable: child.stdout, writable: child.stdin })
    child.on('error', (error) => pipe.destroy(error))
    pipe.on('close', () => child.kill())
    return pipe
  }
  return agent
}
