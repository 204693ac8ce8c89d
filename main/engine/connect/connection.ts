/** Connects to one engine: negotiates the API version and reads the engine's identity and capabilities. */
import { kindOfConnected, sharesThisComputer } from '../../../model/engine/kind.ts'
import { distinctMirrors } from '../../../model/mirrors/address.ts'
import { fail, ok, type EngineContext, type EngineFailure, type Result } from '../../../preload/contract/index.ts'
import { EngineError, engineFailure } from '../api/errors.ts'
import type { Transport } from '../api/request.ts'
import type { EngineIdentity, EngineSession } from '../api/session.ts'
import { openEvents, ping, readInfo, readVersion } from '../api/system.ts'
import { agreedApi, oldestApi } from '../api/versions.ts'
import { capabilities } from './capabilities.ts'
import { toEngineContext, type Candidate, type HostEnvironment } from './candidates.ts'
import { createDockerClient } from './docker-client.ts'
import { readHostFacts } from './host-facts.ts'
import { routeTo } from './routes.ts'

export interface Connection extends EngineSession {
  readonly candidate: Candidate
  /** Ends the session and aborts its requests. */
  close(): void
}

/**
 * Connects to the engine. The session ends when the engine stops, or with `close`.
 * @param signal aborts the connection attempt; has no effect on an established session
 * @param env the environment of the programs that the connection starts
 */
export async function connect(
  candidate: Candidate,
  signal: AbortSignal,
  env: HostEnvironment['env'],
): Promise<Result<Connection, EngineFailure>> {
  const { endpoint, kind } = candidate
  const context = toEngineContext(candidate)
  const sessionController = new AbortController()
  const close = () => sessionController.abort()
  signal.addEventListener('abort', close)
  try {
    if (signal.aborted) close()
    const route = routeTo(candidate, env, close)
    sessionController.signal.addEventListener('abort', () =>
      [route.agent, route.longLivedAgent].forEach((agent) => agent?.destroy()),
    )
    const headers = await ping({ docker: createDockerClient(route), context, signal: sessionController.signal })
    const offered = offeredApi(headers)
    if (offered === undefined) return closeAndFail({ code: 'engine-unreachable', ...{ endpoint, kind }, detail: '' })
    const api = agreedApi(offered)
    if (!api) return closeAndFail({ code: 'engine-too-old', ...{ endpoint, kind }, api: offered, needed: oldestApi })

    const transport: Transport = { docker: createDockerClient(route, api), context, signal: sessionController.signal }
    const [version, info] = await Promise.all([readVersion(transport), readInfo(transport)])
    const product = version.Components.some(({ Name }) => Name.startsWith('Podman')) ? 'Podman' : 'Docker'
    await watchForEnd(transport, close)
    return ok({
      ...transport,
      context: { ...context, ...factsOf(context, product, info) },
      candidate,
      close,
      identity: identityOf(endpoint, product, info),
      capabilities: capabilities({
        version: version.Version.replace(/\+.*/, ''),
        api,
        product,
        platform: `${version.Os}/${version.Arch}`,
        rootDir: info.DockerRootDir,
        driverStatus: info.DriverStatus,
        mirrors: distinctMirrors(info.RegistryConfig?.Mirrors ?? []),
        proxy: info.HttpsProxy || info.HttpProxy,
      }),
    })
  } catch (error) {
    return closeAndFail(engineFailure(error, { endpoint, kind }))
  } finally {
    signal.removeEventListener('abort', close)
  }

  function closeAndFail(failure: EngineFailure) {
    close()
    return fail(failure)
  }
}

type Info = Awaited<ReturnType<typeof readInfo>>

/** What kind of engine it is, now that it has said more about itself than its address does. */
function factsOf({ kind }: EngineContext, product: 'Docker' | 'Podman', info: Info) {
  const report = {
    product,
    operatingSystem: info.OperatingSystem,
    name: info.Name,
    rootDir: info.DockerRootDir,
    rootless: info.SecurityOptions.some((option) => option.startsWith('name=rootless')),
  }
  const connectedKind = kindOfConnected(kind, report, readHostFacts())
  return { kind: connectedKind, local: sharesThisComputer(connectedKind) }
}

/** @returns the newest API version that the engine offers; undefined if the reply is not that of an engine */
export function offeredApi(headers: Awaited<ReturnType<typeof ping>>): string | undefined {
  const offered = headers['api-version'] ?? headers['libpod-api-version']
  return typeof offered === 'string' ? offered : undefined
}

const identityOf = (
  endpoint: string,
  product: 'Docker' | 'Podman',
  { ID, Name, DockerRootDir }: Info,
): EngineIdentity => ({ endpoint, id: product === 'Podman' ? Name : ID, rootDir: DockerRootDir })

/**
 * Detects the end of the engine with an event stream whose filter matches no event. The stream closes when the engine
 * stops, even if another engine takes over the socket immediately.
 */
async function watchForEnd(transport: Transport, onEnd: () => void): Promise<void> {
  const stream = await openEvents(transport, { container: ['slipway-none'] })
  stream.on('error', () => {})
  stream.resume()
  stream.once('close', onEnd)
  if (transport.signal.aborted) {
    const { endpoint, kind } = transport.context
    throw new EngineError({ code: 'engine-stopped', endpoint, kind })
  }
}
