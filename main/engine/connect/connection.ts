/** Reaching one engine: the way there, the version spoken, and what kind of engine it is. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { fail, ok, type EngineFailure, type Result } from '../../../preload/contract/index.ts'
import { ask, ping, type Query } from '../api/ask.ts'
import { engineFailure } from '../api/errors.ts'
import { info, version } from '../api/replies.ts'
import { agreedApi, oldestApi } from '../api/versions.ts'
import { capabilities, type Capabilities } from './capabilities.ts'
import type { Candidate } from './contexts.ts'
import { dockerBy } from './dial.ts'
import { routeTo } from './routes.ts'

export interface Connection {
  readonly candidate: Candidate
  readonly docker: Docker
  readonly capabilities: Capabilities
  /** The parsed answer to a GET; given up when the app leaves this engine. */
  ask(path: string, query?: Query): Promise<unknown>
}

/** An engine that takes the connection and then says nothing for this long counts as not answering. */
const patience = 10_000

/** Nothing of the connection outlives `signal`. */
export async function connect(candidate: Candidate, signal: AbortSignal): Promise<Result<Connection, EngineFailure>> {
  const { endpoint } = candidate
  try {
    const route = routeTo(candidate)
    const close = () => [route.agent, route.lasting].forEach((agent) => agent?.destroy())
    signal.addEventListener('abort', close, { once: true })
    const offered = await offeredApi(dockerBy(route), endpoint, signal)
    if (!offered.ok) return offered
    const api = agreedApi(offered.value)
    if (!api) return fail({ code: 'engine-too-old', endpoint, api: offered.value, needed: oldestApi })

    const docker = dockerBy(route, api)
    const asked: Connection['ask'] = (path, query = {}) => ask(docker, path, query, signal)
    const [told, about] = await Promise.all([asked('/version'), asked('/info')])
    const { Version, Os, Arch, Components } = v.parse(version, told)
    const { DockerRootDir, DriverStatus, HttpsProxy, HttpProxy, RegistryConfig } = v.parse(info, about)
    const product = Components.some(({ Name }) => Name.startsWith('Podman')) ? 'Podman' : 'Docker'
    return ok({
      candidate,
      docker,
      ask: asked,
      capabilities: capabilities({
        version: Version.replace(/\+.*/, ''),
        api,
        product,
        platform: `${Os}/${Arch}`,
        rootDir: DockerRootDir,
        driverStatus: DriverStatus,
        mirrors: RegistryConfig?.Mirrors ?? [],
        proxy: HttpsProxy || HttpProxy,
      }),
    })
  } catch (error) {
    return fail(engineFailure(error, endpoint))
  }
}

/** The mirrors in force, as the engine tells them now. */
export async function readMirrors({ ask }: Pick<Connection, 'ask'>): Promise<readonly string[]> {
  return v.parse(info, await ask('/info')).RegistryConfig?.Mirrors ?? []
}

async function offeredApi(
  docker: Docker,
  endpoint: string,
  signal: AbortSignal,
): Promise<Result<string, EngineFailure>> {
  const silence = AbortSignal.timeout(patience)
  try {
    const headers = await ping(docker, AbortSignal.any([signal, silence]))
    const api = headers['api-version'] ?? headers['libpod-api-version']
    return typeof api === 'string' ? ok(api) : fail({ code: 'engine-unreachable', endpoint, detail: '' })
  } catch (error) {
    return fail(silence.aborted ? { code: 'engine-unreachable', endpoint, detail: '' } : engineFailure(error, endpoint))
  }
}
