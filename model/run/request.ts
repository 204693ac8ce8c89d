/** A wish without faults as the engine is asked for it: what `docker run` itself would send. */
import { parseContainerPort, parseHostPort } from './port.ts'
import type { RestartPolicy, RunWish, VolumeWish } from './run.ts'
import { parseCpus, parseMemory } from './limits.ts'
import { shellWords } from '../text/shell.ts'

/** The part of `POST /containers/create` that a wish can ask for. Source: Docker Engine API 1.41, ContainerCreate. */
export interface RunRequest {
  readonly name?: string
  readonly Image: string
  readonly Cmd?: string[]
  readonly Env?: string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly Tty: boolean
  readonly OpenStdin: boolean
  readonly StdinOnce: boolean
  readonly AttachStdin: boolean
  readonly AttachStdout: boolean
  readonly AttachStderr: boolean
  readonly ExposedPorts?: Record<string, object>
  readonly Volumes?: Record<string, object>
  readonly HostConfig: {
    readonly AutoRemove: boolean
    readonly NetworkMode: string
    readonly RestartPolicy: { readonly Name: RestartPolicy; readonly MaximumRetryCount: number }
    readonly PortBindings?: Record<string, { HostIp: string; HostPort: string }[]>
    readonly Binds?: string[]
    readonly Mounts?: Mount[]
    readonly Memory?: number
    readonly NanoCpus?: number
  }
}

export interface Mount {
  readonly Type: 'bind' | 'volume'
  /** Empty: a new volume without a name. */
  readonly Source: string
  readonly Target: string
  readonly ReadOnly?: boolean
}

export function runRequest(wish: RunWish): RunRequest {
  const { interactive, name, environment, user, workdir, network, restart, removeAtEnd } = wish
  const command = shellWords(wish.command) ?? []
  const [memory, cpus] = [parseMemory(wish.memory), parseCpus(wish.cpus)]
  const mounted = wish.volumes.map(mountedAs)
  const [binds, mounts, own] = [
    mounted.flatMap((one) => ('bind' in one ? [one.bind] : [])),
    mounted.flatMap((one) => ('mount' in one ? [one.mount] : [])),
    mounted.flatMap((one) => ('own' in one ? [one.own] : [])),
  ]
  const bindings = bindingsOf(wish)
  return {
    ...(name !== '' && { name }),
    Image: wish.reference,
    ...(command.length > 0 && { Cmd: command }),
    ...(environment.length > 0 && { Env: environment.map(({ name, value }) => `${name}=${value}`) }),
    ...(user !== '' && { User: user }),
    ...(workdir !== '' && { WorkingDir: workdir }),
    Tty: interactive,
    OpenStdin: interactive,
    StdinOnce: interactive,
    AttachStdin: interactive,
    AttachStdout: interactive,
    AttachStderr: interactive,
    ...(wish.ports.length > 0 && {
      // Bindings of ports that are not exposed do nothing, and the engine says nothing of it (tried on all).
      ExposedPorts: Object.fromEntries(Object.keys(bindings).map((port) => [port, {}])),
    }),
    ...(own.length > 0 && { Volumes: Object.fromEntries(own.map((target) => [target, {}])) }),
    HostConfig: {
      AutoRemove: removeAtEnd,
      NetworkMode: network || 'default',
      RestartPolicy: { Name: restart, MaximumRetryCount: 0 },
      ...(wish.ports.length > 0 && { PortBindings: bindings }),
      ...(binds.length > 0 && { Binds: binds }),
      ...(mounts.length > 0 && { Mounts: mounts }),
      ...(memory !== undefined && { Memory: memory }),
      ...(cpus !== undefined && { NanoCpus: cpus }),
    },
  }
}

type Mounted = { readonly bind: string } | { readonly mount: Mount } | { readonly own: string }

/**
 * Folders go by `--mount`: by `-v` the engine would make one that is missing, as root. So does what `-v` would read
 * otherwise, as it cuts at colons.
 */
export function mountedAs({ source, target, readOnly }: VolumeWish): Mounted {
  const isPath = source.startsWith('/')
  if (isPath || target.includes(':'))
    return {
      mount: {
        Type: isPath ? 'bind' : 'volume',
        Source: source,
        Target: target,
        ...(readOnly && { ReadOnly: true }),
      },
    }
  return source === '' ? { own: target } : { bind: `${source}:${target}${readOnly ? ':ro' : ''}` }
}

function bindingsOf({ ports }: RunWish) {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { host, container } of ports) {
    const [from, to] = [parseHostPort(host), parseContainerPort(container)]
    if (!from || !to) continue
    const binding = { HostIp: from.ip, HostPort: from.port === undefined ? '' : String(from.port) }
    ;(bindings[`${to.port}/${to.protocol}`] ??= []).push(binding)
  }
  return bindings
}
