/** Converts valid run options to the request that `docker run` would send. */
import { parseContainerPort, parseHostPort } from './port.ts'
import type { RestartPolicy, RunOptions, VolumeOptions } from './run.ts'
import { parseCpus, parseMemory } from './limits.ts'
import { splitShellWords } from '../text/shell.ts'

/** The fields of `POST /containers/create` that Slipway uses. Source: Docker Engine API 1.41, ContainerCreate. */
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
  /** A path or a volume's name; empty for a new anonymous volume. */
  readonly Source: string
  readonly Target: string
  readonly ReadOnly?: boolean
}

export function runRequest(options: RunOptions): RunRequest {
  const { interactive, name, environment, user, workdir, network, restart, removeAtEnd } = options
  const command = splitShellWords(options.command) ?? []
  const [memory, cpus] = [parseMemory(options.memory), parseCpus(options.cpus)]
  const volumeMounts = options.volumes.map(toVolumeMount)
  const binds = volumeMounts.flatMap((mount) => ('bind' in mount ? [mount.bind] : []))
  const mounts = volumeMounts.flatMap((mount) => ('mount' in mount ? [mount.mount] : []))
  const anonymous = volumeMounts.flatMap((mount) => ('anonymous' in mount ? [mount.anonymous] : []))
  const bindingsByPort = portBindings(options)
  return {
    ...(name !== '' && { name }),
    Image: options.reference,
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
    ...(options.ports.length > 0 && {
      // The engine silently ignores bindings of ports that are not exposed (tested on every supported version).
      ExposedPorts: Object.fromEntries(Object.keys(bindingsByPort).map((port) => [port, {}])),
    }),
    ...(anonymous.length > 0 && { Volumes: Object.fromEntries(anonymous.map((target) => [target, {}])) }),
    HostConfig: {
      AutoRemove: removeAtEnd,
      NetworkMode: network || 'default',
      RestartPolicy: { Name: restart, MaximumRetryCount: 0 },
      ...(options.ports.length > 0 && { PortBindings: bindingsByPort }),
      ...(binds.length > 0 && { Binds: binds }),
      ...(mounts.length > 0 && { Mounts: mounts }),
      ...(memory !== undefined && { Memory: memory }),
      ...(cpus !== undefined && { NanoCpus: cpus }),
    },
  }
}

type VolumeMount = { readonly bind: string } | { readonly mount: Mount } | { readonly anonymous: string }

/**
 * Folders are mounted as with `--mount`, since `-v` would create a missing folder as root. Volumes whose target has
 * a colon are mounted in the same way, since `-v` would split the target. Only `-v` can set an SELinux label.
 */
export function toVolumeMount({ source, target, readOnly, selinuxLabel }: VolumeOptions): VolumeMount {
  const isPath = source.startsWith('/')
  if (isPath && selinuxLabel) return { bind: `${source}:${target}:${readOnly ? 'ro,z' : 'z'}` }
  if (isPath || target.includes(':'))
    return {
      mount: {
        Type: isPath ? 'bind' : 'volume',
        Source: source,
        Target: target,
        ...(readOnly && { ReadOnly: true }),
      },
    }
  return source === '' ? { anonymous: target } : { bind: `${source}:${target}${readOnly ? ':ro' : ''}` }
}

function portBindings({ ports }: RunOptions) {
  const bindingsByPort: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { host, container } of ports) {
    const [hostPort, containerPort] = [parseHostPort(host), parseContainerPort(container)]
    if (!hostPort || !containerPort) continue
    const binding = { HostIp: hostPort.ip, HostPort: hostPort.port === undefined ? '' : String(hostPort.port) }
    ;(bindingsByPort[`${containerPort.port}/${containerPort.protocol}`] ??= []).push(binding)
  }
  return bindingsByPort
}
