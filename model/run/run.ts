/** The options for running an image, as typed in the dialog. */
import type { ImageId, Reference } from '../image/image.ts'

export interface PortOptions {
  /** The host port: `8080`, `127.0.0.1:8080`, `[::1]:8080`; empty for one that the engine chooses. */
  readonly host: string
  /** The container port: `80/tcp`, `53/udp`; TCP without a protocol. */
  readonly container: string
}

export interface VolumeOptions {
  /** A folder's absolute path or a volume's name; empty for a new anonymous volume. */
  readonly source: string
  /** An absolute path in the container. */
  readonly target: string
  readonly readOnly: boolean
  /** Whether the engine gives the folder the SELinux label that lets all containers use it. */
  readonly selinuxLabel?: boolean
}

export interface Variable {
  readonly name: string
  readonly value: string
}

export const restartPolicies = ['no', 'on-failure', 'always', 'unless-stopped'] as const
export type RestartPolicy = (typeof restartPolicies)[number]

export interface RunOptions {
  readonly image: ImageId
  /** `repository:tag`; for an image without a tag, its id. */
  readonly reference: Reference
  /** True for `docker run -it`, in a terminal; false for `-d`, in the background. */
  readonly interactive: boolean
  /** Empty for a generated name. */
  readonly name: string
  /** In shell syntax without expansion; empty for the image's default command. */
  readonly command: string
  readonly ports: readonly PortOptions[]
  readonly removeAtEnd: boolean
  readonly volumes: readonly VolumeOptions[]
  /** Only the variables that differ from the image's defaults. */
  readonly environment: readonly Variable[]
  /** A network's name, `host` or `none`; empty for the engine's default. */
  readonly network: string
  readonly restart: RestartPolicy
  /** `512m`, `1.5g`; empty for no limit. */
  readonly memory: string
  /** `1.5`; empty for no limit. */
  readonly cpus: string
  /** `name`, `1000:1000`; empty for the image's default. */
  readonly user: string
  /** An absolute path in the container; empty for the image's default. */
  readonly workdir: string
}

/** The fields of the dialog that an error can belong to. */
export type RunField =
  | ('reference' | 'name' | 'command' | 'ports' | 'volumes' | 'environment' | 'network' | 'restart')
  | ('memory' | 'cpus' | 'user' | 'workdir')

export type RunFaultCode =
  /** A name needs two or more characters: letters, digits, `_`, `.` and `-`, the first a letter or digit. */
  | 'name-invalid'
  | 'name-taken'
  /** An unclosed quote, or a backslash at the end. */
  | 'command-unclosed-quote'
  /** Neither a port nor an address and a port. */
  | 'port-host'
  | 'port-container'
  /** The same host port twice, or two automatic host ports for one container port. */
  | 'port-duplicate'
  /** Neither an absolute path nor a volume's name. */
  | 'volume-source'
  /** Not an absolute path, or `/`. */
  | 'volume-target'
  | 'volume-duplicate'
  /** A new anonymous volume cannot be read-only: it would stay empty, so Docker rejects it. */
  | 'volume-read-only'
  /** The system or a home folder may not get another SELinux label. */
  | 'volume-label-system'
  /** Docker takes the label only in `-v`, which splits its value at colons. */
  | 'volume-label-colon'
  /** Empty, or contains `=`. */
  | 'variable-name'
  | 'variable-duplicate'
  /** Docker does not allow `--rm` together with a restart policy. */
  | 'restart-with-remove'
  | 'memory-invalid'
  /** Below Docker's minimum of 6 MiB (6,291,456 bytes). */
  | 'memory-too-small'
  | 'cpus-invalid'
  /** Neither a network's name nor `container:NAME`. */
  | 'network-invalid'
  /** Not an absolute path. */
  | 'workdir-invalid'

export interface RunFault {
  readonly field: RunField
  /** Index into `ports`, `volumes` or `environment`. */
  readonly row?: number
  readonly code: RunFaultCode
}

/** The default options for an image, before its details are known. */
export const defaultRunOptions = (image: ImageId, reference: Reference): RunOptions => ({
  ...{ image, reference },
  interactive: true,
  name: '',
  command: '',
  ports: [],
  removeAtEnd: false,
  volumes: [],
  environment: [],
  network: '',
  restart: 'no',
  memory: '',
  cpus: '',
  user: '',
  workdir: '',
})
