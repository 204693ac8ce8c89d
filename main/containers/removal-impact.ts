/** What removing a container loses, and the URLs of its published ports. */
import { fail, ok, type RemovalImpact, type Failure, type Result } from '../../preload/contract/index.ts'
import { isWildcardAddress } from '../../model/run/port.ts'
import {
  inspectContainer,
  listContainers,
  removeContainer,
  type ContainerInspect,
  type EngineSession,
} from '../engine/index.ts'

/** @returns what removing the container loses; fails with `container-gone` if the container does not exist */
export async function removalImpact(session: EngineSession, id: string): Promise<Result<RemovalImpact>> {
  const container = await inspectContainer(session, id, { size: true })
  if (!container) return fail({ code: 'container-gone' })
  const shared = await Promise.all(anonymousVolumes(container).map((name) => isShared(session, name, id)))
  return ok({
    running: container.State.Running,
    changes: container.SizeRw,
    volumes: anonymousVolumes(container).filter((_, index) => !shared[index]),
    removesItself: container.HostConfig.AutoRemove,
  })
}

/**
 * Removes a stopped container and its anonymous volumes, without force.
 * @param volumes the anonymous volumes whose removal the user has confirmed; fails with `container-changed` if the
 * removal would delete others
 */
export async function removeStoppedContainer(
  session: EngineSession,
  id: string,
  volumes: readonly string[],
): Promise<Result<void, Failure>> {
  const impact = await removalImpact(session, id)
  if (!impact.ok) return impact
  if (impact.value.running) return fail({ code: 'container-running' })
  if (impact.value.volumes.some((name) => !volumes.includes(name))) return fail({ code: 'container-changed' })
  const removal = await removeContainer(session, id, { volumes: true })
  if (removal === 'missing') return fail({ code: 'container-gone' })
  return removal === 'removed' ? ok(undefined) : fail({ code: 'engine-refused', detail: removal.conflict })
}

/**
 * The volumes that `docker rm -v` removes if no other container uses them: those whose names are not in the
 * container's binds and mounts.
 * Source: moby daemon/mounts.go.
 */
function anonymousVolumes({ Mounts, HostConfig }: ContainerInspect): string[] {
  const named = [
    ...HostConfig.Binds.map((bind) => bind.split(':')[0]!),
    ...HostConfig.Mounts.map(({ Source }) => Source),
  ]
  return Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== '' && !named.includes(Name) ? [Name] : []))
}

/** Whether another container uses the volume, in which case the engine keeps it. */
async function isShared(session: EngineSession, name: string, id: string): Promise<boolean> {
  const containers = await listContainers(session, { all: true, volume: name })
  return containers.some(({ Id }) => Id !== id)
}

/**
 * @returns URLs of the published TCP ports. `host`: the host name of a remote engine; undefined if the engine is local.
 */
export function publishedUrls({ NetworkSettings }: ContainerInspect, host: string | undefined): string[] {
  const urls = Object.entries(NetworkSettings.Ports).flatMap(([port, bindings]) => {
    const [number, protocol] = port.split('/')
    if (protocol !== 'tcp') return []
    const scheme = number === '443' || number === '8443' ? 'https' : 'http'
    return bindings.flatMap(({ HostIp, HostPort }) => {
      const hostname = isWildcardAddress(HostIp) ? (host ?? '127.0.0.1') : HostIp
      // A port published on a remote engine's loopback address cannot be reached from this computer.
      if (host !== undefined && /^(?:127\.|::1$)/.test(HostIp)) return []
      return HostPort === '' ? [] : [`${scheme}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${HostPort}`]
    })
  })
  return [...new Set(urls)]
}
