/** What is lost with a container, and the addresses that it answers at. */
import { fail, ok, type ContainerLoss, type Failure, type Result } from '../../preload/contract/index.ts'
import { isEverywhere } from '../../model/run/port.ts'
import {
  inspectContainer,
  listContainers,
  removeContainer,
  type ContainerInspect,
  type EngineSession,
} from '../engine/index.ts'

export async function lossOf(session: EngineSession, of: string): Promise<Result<ContainerLoss>> {
  const about = await inspectContainer(session, of, { size: true })
  if (!about) return fail({ code: 'container-gone' })
  const shared = await Promise.all(nameless(about).map((name) => isShared(session, name, of)))
  return ok({
    running: about.State.Running,
    changes: about.SizeRw,
    volumes: nameless(about).filter((_, at) => !shared[at]),
    removesItself: about.HostConfig.AutoRemove,
  })
}

/** Exactly what the user was told of: never forced, and nothing where more would be lost by now. */
export async function remove(
  session: EngineSession,
  of: string,
  volumes: readonly string[],
): Promise<Result<void, Failure>> {
  const loss = await lossOf(session, of)
  if (!loss.ok) return loss
  if (loss.value.running) return fail({ code: 'container-running' })
  if (loss.value.volumes.some((name) => !volumes.includes(name))) return fail({ code: 'container-moved' })
  const removal = await removeContainer(session, of, { volumes: true })
  if (removal === 'missing') return fail({ code: 'container-gone' })
  return removal === 'removed' ? ok(undefined) : fail({ code: 'engine-refused', detail: removal.conflict })
}

/** The volumes that `docker rm -v` removes: those whose mount names none. Source: moby daemon/mounts.go. */
function nameless({ Mounts, HostConfig }: ContainerInspect): string[] {
  const given = [
    ...HostConfig.Binds.map((bind) => bind.split(':')[0]!),
    ...HostConfig.Mounts.map(({ Source }) => Source),
  ]
  return Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== '' && !given.includes(Name) ? [Name] : []))
}

/** The engine keeps a volume that another container has. */
async function isShared(session: EngineSession, name: string, of: string): Promise<boolean> {
  const users = await listContainers(session, { all: true, volume: name })
  return users.some(({ Id }) => Id !== of)
}

/** Addresses of its published tcp ports as a browser takes them; `host` is where the engine's ports are reached. */
export function addressesOf({ NetworkSettings }: ContainerInspect, host: string | undefined): string[] {
  const urls = Object.entries(NetworkSettings.Ports).flatMap(([port, bindings]) => {
    const [number, protocol] = port.split('/')
    if (protocol !== 'tcp') return []
    const scheme = number === '443' || number === '8443' ? 'https' : 'http'
    return bindings.flatMap(({ HostIp, HostPort }) => {
      const name = isEverywhere(HostIp) ? (host ?? '127.0.0.1') : HostIp
      // From elsewhere nobody reaches what is published for that computer alone.
      if (host !== undefined && /^(?:127\.|::1$)/.test(HostIp)) return []
      return HostPort === '' ? [] : [`${scheme}://${name.includes(':') ? `[${name}]` : name}:${HostPort}`]
    })
  })
  return [...new Set(urls)]
}
