/** What the engine says of one container, as far as it matters here. */
import type Docker from 'dockerode'
import * as v from 'valibot'
import { fail, ok, type ContainerLoss, type Failure, type Result } from '../../preload/contract/index.ts'
import { isEverywhere } from '../../model/run/port.ts'
import { ask, id, list, statusOf, text } from '../engine/index.ts'

const binding = v.object({ HostIp: text, HostPort: text })
const mount = v.object({ Type: text, Name: text, Destination: text })

const inspected = v.object({
  Name: v.string(),
  Path: text,
  Args: list(v.string()),
  Image: id,
  State: v.object({ Running: v.boolean(), Status: v.string() }),
  Config: v.object({ Image: v.string(), Tty: v.boolean(), OpenStdin: v.boolean() }),
  HostConfig: v.object({
    AutoRemove: v.nullish(v.boolean(), false),
    Binds: list(v.string()),
    Mounts: list(v.object({ Source: text, Target: v.string() })),
  }),
  Mounts: list(mount),
  NetworkSettings: v.object({ Ports: v.nullish(v.record(v.string(), list(binding)), {}) }),
  SizeRw: v.nullish(v.number(), 0),
})
export type Inspected = v.InferOutput<typeof inspected>

/** Nothing where it is gone. */
export async function inspect(docker: Docker, of: string, size = false): Promise<Inspected | undefined> {
  try {
    return v.parse(inspected, await ask(docker, `/containers/${of}/json`, { size }))
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

export async function lossOf(docker: Docker, of: string): Promise<Result<ContainerLoss>> {
  const about = await inspect(docker, of, true)
  if (!about) return fail({ code: 'container-gone' })
  const shared = await Promise.all(nameless(about).map((name) => isShared(docker, name, of)))
  return ok({
    running: about.State.Running,
    changes: about.SizeRw,
    volumes: nameless(about).filter((_, at) => !shared[at]),
    removesItself: about.HostConfig.AutoRemove,
  })
}

/** Exactly what the user was told of: never forced, and nothing where more would be lost by now. */
export async function remove(docker: Docker, of: string, volumes: readonly string[]): Promise<Result<void, Failure>> {
  const loss = await lossOf(docker, of)
  if (!loss.ok) return loss
  if (loss.value.running) return fail({ code: 'container-running' })
  if (loss.value.volumes.some((name) => !volumes.includes(name))) return fail({ code: 'container-moved' })
  await docker.getContainer(of).remove({ v: true })
  return ok(undefined)
}

/** The volumes that `docker rm -v` removes: those whose mount names none. Source: moby daemon/mounts.go. */
function nameless({ Mounts, HostConfig }: Inspected): string[] {
  const given = [
    ...HostConfig.Binds.map((bind) => bind.split(':')[0]!),
    ...HostConfig.Mounts.map(({ Source }) => Source),
  ]
  return Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== '' && !given.includes(Name) ? [Name] : []))
}

/** The engine keeps a volume that another container has. */
async function isShared(docker: Docker, name: string, of: string): Promise<boolean> {
  const users = await docker.listContainers({ all: true, filters: { volume: [name] } })
  return users.some(({ Id }) => Id !== of)
}

/** Addresses of its published tcp ports as a browser takes them; `host` is where the engine's ports are reached. */
export function addressesOf({ NetworkSettings }: Inspected, host: string | undefined): string[] {
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
