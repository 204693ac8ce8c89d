/**
 * Maps the error of an engine that did not create or start a container to a failure with the field that caused it. The
 * messages are those of Docker 20.10, 26.1 and 28.5 (tested), or read in bug reports (tests/corpus/run-errors.tsv); the
 * engine sends no error codes that tell them apart.
 */
import { parseHostPort } from '../../model/run/port.ts'
import type { RunField, RunOptions } from '../../model/run/run.ts'
import type { Failure, RunFailure } from '../../preload/contract/index.ts'

/**
 * @returns the failure, without the suggestion of a free port, name or shell: that needs more requests to the engine
 */
export function toRunFailure(detail: string, options: RunOptions): RunFailure | Failure {
  const text = withoutNames(detail, options)
  if (/container name "…" is already in use/i.test(text))
    return { code: 'container-name-taken', field: 'name', name: options.name, suggestion: '' }
  if (/no such image/i.test(text)) return { code: 'image-gone', image: options.image }
  if (/port is already allocated|address already in use/i.test(text)) return portFailure(detail, options)
  // When the firewall is reloaded, it drops the chains that Docker made (iptables, and iptables over nftables). Those of
  // Podman's netavark do not come back by restarting anything.
  if (
    !/\bnetavark: /.test(text) &&
    /tables\b.*(?:No chain\/target\/match by that name|Chain '\S*' does not exist|_(?:APPEND|INSERT) failed \(No such file or directory\))/is.test(
      text,
    )
  )
    return { code: 'firewall-rules-lost' }
  // runc, and crun, which Podman uses.
  const program =
    /exec: "((?:[^"\\]|\\.)*)": /i.exec(detail)?.[1]?.replace(/\\(.)/g, '$1') ??
    /crun: executable file `([^`]*)` not found/.exec(detail)?.[1]
  if (/exec format error/i.test(text))
    return { code: 'program-format', field: options.command === '' ? 'reference' : 'command' }
  const isMissing =
    /exec: "…": (?:stat )?.*?(?:not found|no such file|denied|not a directory|is a directory)|crun: executable file "…" not/i.test(
      text,
    )
  if (program !== undefined && isMissing) return { code: 'command-missing', field: 'command', command: program }
  if (/no command specified/i.test(text)) return { code: 'command-missing', field: 'command', command: '' }
  // Docker, and Podman.
  const source = /bind source path does not exist: (.*)|\bstatfs (\/.*): no such file or directory/is
    .exec(detail)
    ?.slice(1)
    .find((path) => path !== undefined)
  if (source !== undefined) return { code: 'mount-missing', field: 'volumes', row: volumeRow(source, options), source }
  const denied = deniedSource(detail)
  if (denied !== undefined)
    return { code: 'mount-denied', field: 'volumes', row: volumeRow(denied, options), source: denied }
  if (
    /network \S+ not found|: network not found$|share net namespace with: .*no such container$|no such container: /i.test(
      text,
    )
  )
    return { code: 'network-unknown', field: 'network', network: options.network }
  if (/unable to find (?:user|group) /i.test(text)) return { code: 'user-unknown', field: 'user', user: options.user }
  if (isDiskFull(detail)) return { code: 'pull-disk-full' }
  const field = fieldPatterns.find(([pattern]) => pattern.test(text))?.[1]
  return { code: 'run-refused', ...(field && { field }), detail }
}

/**
 * The detail in which no name or path can look like a reason. What the engine quotes is replaced, and so are texts of
 * the user with spaces; a pattern of several words matches no single one.
 */
function withoutNames(detail: string, { name, network, user, workdir, reference, volumes }: RunOptions): string {
  const texts = [name, network, user, workdir, reference, ...volumes.flatMap(({ source, target }) => [source, target])]
  return texts
    .filter((text) => /\s/.test(text))
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, name) => text.replaceAll(name, '…'), detail.replace(/"(?:[^"\\]|\\.)*"|`[^`']*`/g, '"…"'))
    .replace(/(path does not exist: |\bstatfs \/).*/is, '$1…')
}

/** Whether the engine's own disk is full: not that of a mounted folder, and no limit of the kernel in /sys or /run. */
const isDiskFull = (detail: string): boolean =>
  /(?:mkdir|mknod|open|write|link|symlink|creating overlay mount to) \/\S*\/(?:overlay2|vfs|fuse-overlayfs|containers|io\.containerd\.\S*|snapshots)\/\S*: no space left on device/.test(
    detail,
  ) && !/(?:mkdir|open|write) \/(?:sys|run|proc)\//.test(detail)

/** The folder of this computer that the engine may not create or mount; undefined if the error is another one. */
function deniedSource(detail: string): string | undefined {
  const refusal = '(?:permission denied|read-only file system|operation not permitted)'
  // moby daemon/volumes_unix.go and volume/mounts; runc libcontainer/rootfs_linux.go.
  const patterns = [
    `error while creating mount source path '(.*)': mkdir .*: ${refusal}`,
    `\\bstatfs (/.*): ${refusal}`,
    `invalid mount config for type "bind": stat (/.*): ${refusal}`,
    `error mounting "((?:[^"\\\\]|\\\\.)*)" to rootfs at .*: ${refusal}`,
    `failed to create (?:the )?(?:mount source|bind mount source) path "?(/[^"]*?)"?: .*${refusal}`,
  ]
  for (const pattern of patterns) {
    const source = new RegExp(pattern, 'is').exec(detail)?.[1]
    if (source?.startsWith('/') && !source.startsWith('/var/lib/docker/')) return source
  }
  return undefined
}

/** The engine may add text after the path, and one path may be a prefix of another: the longest match wins. */
function volumeRow(path: string, { volumes }: RunOptions): number {
  const matchLengths = volumes.map(({ source }) => (source !== '' && path.startsWith(source) ? source.length : 0))
  return matchLengths.indexOf(Math.max(...matchLengths))
}

function portFailure(detail: string, { ports }: RunOptions): RunFailure {
  const hostPorts = ports.map(({ host }) => parseHostPort(host)?.port)
  const namedRow = hostPorts.findIndex((port) => port !== undefined && new RegExp(`:${port}(?!\\d)`).test(detail))
  // Docker 28 does not always name the port.
  const row = namedRow < 0 && ports.length === 1 && hostPorts[0] !== undefined ? 0 : namedRow
  if (row < 0) return { code: 'run-refused', field: 'ports', detail }
  return { code: 'port-taken', field: 'ports', row, port: ports[row]!.host }
}

const fieldPatterns: readonly (readonly [RegExp, RunField])[] = [
  [/cannot assign requested address|privileged port|port specification|ports are not available/i, 'ports'],
  [/bind: permission denied/i, 'ports'],
  [/working directory|cannot mkdir|chdir to cwd/i, 'workdir'],
  [/range of cpus|cpu\.cfs|cpu\.max/i, 'cpus'],
  [/minimum memory limit|memory\.limit|memory\.max/i, 'memory'],
  [/uids and gids must be|invalid user/i, 'user'],
  [/invalid mount|volume name|mount point|error (?:while )?(?:creating )?mount|mount config/i, 'volumes'],
  [/environment variable/i, 'environment'],
  [/restart policy/i, 'restart'],
  [/invalid container name/i, 'name'],
  [
    /network mode|(?:join|attach to|connected to|in) (?:any other )?network\b|network-scoped|user defined networks|address pools|network \S+ is ambiguous|network namespace/i,
    'network',
  ],
]
