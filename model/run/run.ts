/** What the user wants to run: what the dialog holds, its texts as they are typed. */
import type { ImageId, Reference } from '../image/image.ts'

export interface PortWish {
  /** Where it is published: `8080`, `127.0.0.1:8080`, `[::1]:8080`; empty: wherever the engine likes. */
  readonly host: string
  /** `80/tcp`, `53/udp`; without a protocol it is tcp. */
  readonly container: string
}

export interface VolumeWish {
  /** A folder by its absolute path, or a volume by its name; empty: a new volume without a name. */
  readonly source: string
  /** An absolute path in the container. */
  readonly target: string
  readonly readOnly: boolean
}

export interface Variable {
  readonly name: string
  readonly value: string
}

export const restartPolicies = ['no', 'on-failure', 'always', 'unless-stopped'] as const
export type RestartPolicy = (typeof restartPolicies)[number]

export interface RunWish {
  readonly image: ImageId
  /** `repository:tag`, or the image's id where it has none. */
  readonly reference: Reference
  /** As `docker run -it`, with a terminal; else `-d`, in the background. */
  readonly interactive: boolean
  /** Empty: the engine makes one up. */
  readonly name: string
  /** As it is typed in a shell, though nothing in it is expanded; empty: the image's own. */
  readonly command: string
  readonly ports: readonly PortWish[]
  readonly removeAtEnd: boolean
  readonly volumes: readonly VolumeWish[]
  /** Only what differs from the image's own. */
  readonly environment: readonly Variable[]
  /** A network's name, `host` or `none`; empty: the engine's default. */
  readonly network: string
  readonly restart: RestartPolicy
  /** `512m`, `1.5g`; empty: no limit. */
  readonly memory: string
  /** `1.5`; empty: no limit. */
  readonly cpus: string
  /** `name`, `1000:1000`; empty: the image's own. */
  readonly user: string
  /** An absolute path in the container; empty: the image's own. */
  readonly workdir: string
}

/** What a fault or a refusal can stand at. */
export type RunField =
  | ('reference' | 'name' | 'command' | 'ports' | 'volumes' | 'environment' | 'network' | 'restart')
  | ('memory' | 'cpus' | 'user' | 'workdir')

export type RunFaultCode =
  /** Two characters at least, of letters, digits, `_`, `.` and `-`; a letter or digit first. */
  | 'name-form'
  | 'name-taken'
  /** A quote that is not closed, or a backslash at the end. */
  | 'command-quote'
  /** Neither a port nor an address and a port. */
  | 'port-host'
  | 'port-container'
  /** The same port of this computer twice, or two that the engine chooses for one of the container's. */
  | 'port-doubled'
  /** Neither an absolute path nor a volume's name. */
  | 'volume-source'
  /** Not an absolute path, or the root itself. */
  | 'volume-target'
  | 'volume-doubled'
  /** A new volume without a name would stay empty: Docker refuses it. */
  | 'volume-read-only'
  /** Empty, or with a `=` in it. */
  | 'variable-name'
  | 'variable-doubled'
  /** Docker takes one of the two: removed when it ends, or started again. */
  | 'restart-with-remove'
  | 'memory-form'
  /** Docker gives no container less than 6 MB (6,291,456 bytes). */
  | 'memory-small'
  | 'cpus-form'
  /** Neither a network's name nor `container:NAME`. */
  | 'network-form'
  /** Not an absolute path. */
  | 'workdir-form'

export interface RunFault {
  readonly field: RunField
  /** Which line of `ports`, `volumes` or `environment`. */
  readonly row?: number
  readonly code: RunFaultCode
}

/** What a dialog begins with, before anything is known of the image. */
export const plainWish = (image: ImageId, reference: Reference): RunWish => ({
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
