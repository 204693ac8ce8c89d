/**
 * What an engine says when it does not create or start a container, as a failure with its field. The texts are those
 * of 20.10, 26.1 and 28.5 (tried): no code tells them apart.
 */
import { parseHostPort } from '../../model/run/port.ts'
import type { RunField, RunWish } from '../../model/run/run.ts'
import type { Failure, RunFailure } from '../../preload/contract/index.ts'

/** Without what only a look at the engine can add: the next free port, another name, another shell. */
export function refusal(detail: string, wish: RunWish): RunFailure | Failure {
  if (/the container name "[^"]*" is already in use/i.test(detail))
    return { code: 'container-name-taken', field: 'name', name: wish.name, suggestion: '' }
  if (/no such image/i.test(detail)) return { code: 'image-gone', image: wish.image }
  if (/port is already allocated|address already in use/i.test(detail)) return portTaken(detail, wish)
  const program = /exec: "((?:[^"\\]|\\.)*)": (?:stat )?.*?(?:not found|no such file|denied|not a directory|is a directory|format error)/i.exec(detail) // prettier-ignore
  if (program) return { code: 'command-missing', field: 'command', command: program[1]!.replace(/\\(.)/g, '$1') }
  if (/no command specified/i.test(detail)) return { code: 'command-missing', field: 'command', command: '' }
  const source = /bind source path does not exist: (.*)/is.exec(detail)?.[1]
  if (source !== undefined) {
    const named = wish.volumes.map((volume) => (source.startsWith(volume.source) ? volume.source.length : 0))
    // The engine may say more behind the path, and one path may begin with another.
    return { code: 'mount-missing', field: 'volumes', row: named.indexOf(Math.max(...named)), source }
  }
  if (/network \S+ not found|no such container: /i.test(detail))
    return { code: 'network-unknown', field: 'network', network: wish.network }
  if (/unable to find (?:user|group) /i.test(detail)) return { code: 'user-unknown', field: 'user', user: wish.user }
  const field = fields.find(([said]) => said.test(detail))?.[1]
  return { code: 'run-refused', ...(field && { field }), detail }
}

function portTaken(detail: string, { ports }: RunWish): RunFailure {
  const wanted = ports.map(({ host }) => parseHostPort(host)?.port)
  const named = wanted.findIndex((port) => port !== undefined && new RegExp(`:${port}(?!\\d)`).test(detail))
  // 28 does not always say which.
  const row = named < 0 && ports.length === 1 && wanted[0] !== undefined ? 0 : named
  if (row < 0) return { code: 'run-refused', field: 'ports', detail }
  return { code: 'port-taken', field: 'ports', row, port: ports[row]!.host }
}

const fields: readonly (readonly [RegExp, RunField])[] = [
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
