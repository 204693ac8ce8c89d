/**
 * Maps the error of an engine that did not create or start a container to a failure with the field that caused it. The
 * messages are those of Docker 20.10, 26.1 and 28.5 (tested); the engine sends no error codes that tell them apart.
 */
import { parseHostPort } from '../../model/run/port.ts'
import type { RunField, RunOptions } from '../../model/run/run.ts'
import type { Failure, RunFailure } from '../../preload/contract/index.ts'

/**
 * @returns the failure, without the suggestion of a free port, name or shell: that needs more requests to the engine
 */
export function toRunFailure(detail: string, options: RunOptions): RunFailure | Failure {
  if (/the container name "[^"]*" is already in use/i.test(detail))
    return { code: 'container-name-taken', field: 'name', name: options.name, suggestion: '' }
  if (/no such image/i.test(detail)) return { code: 'image-gone', image: options.image }
  if (/port is already allocated|address already in use/i.test(detail)) return portFailure(detail, options)
  const program = /exec: "((?:[^"\\]|\\.)*)": (?:stat )?.*?(?:not found|no such file|denied|not a directory|is a directory|format error)/i.exec(detail) // prettier-ignore
  if (program) return { code: 'command-missing', field: 'command', command: program[1]!.replace(/\\(.)/g, '$1') }
  if (/no command specified/i.test(detail)) return { code: 'command-missing', field: 'command', command: '' }
  const source = /bind source path does not exist: (.*)/is.exec(detail)?.[1]
  if (source !== undefined) {
    const matchLengths = options.volumes.map((volume) => (source.startsWith(volume.source) ? volume.source.length : 0))
    // The engine may add text after the path, and one path may be a prefix of another: the longest match wins.
    return { code: 'mount-missing', field: 'volumes', row: matchLengths.indexOf(Math.max(...matchLengths)), source }
  }
  if (/network \S+ not found|no such container: /i.test(detail))
    return { code: 'network-unknown', field: 'network', network: options.network }
  if (/unable to find (?:user|group) /i.test(detail)) return { code: 'user-unknown', field: 'user', user: options.user }
  const field = fieldPatterns.find(([pattern]) => pattern.test(detail))?.[1]
  return { code: 'run-refused', ...(field && { field }), detail }
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
  [/working directory|cannot mkdir|chdir to cwd/i, 'workdir'],
  [/range of cpus|cpu\.cfs|cpu\.max/i, 'cpus'],
  [/minimum memory limit|memory\.limit|memory\.max/i, 'memory'],
  [/uids and gids must be|invalid user/i, 'user'],
  [/invalid mount|volume name|mount point|error (?:while )?mounting|mount config/i, 'volumes'],
  [/environment variable/i, 'environment'],
  [/restart policy/i, 'restart'],
  [/invalid container name/i, 'name'],
  [/network|endpoint/i, 'network'],
]
