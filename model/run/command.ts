/** The `docker run` command that does the same as the dialog's options. */
import { hostPortText, parseContainerPort, parseHostPort } from './port.ts'
import type { PortOptions, RunOptions, VolumeOptions } from './run.ts'
import { toVolumeMount, type Mount } from './request.ts'
import { operands, shellQuote, splitShellWords } from '../text/shell.ts'

/**
 * @returns the command line of `docker run`, starting with `docker`; approximate while the options have faults
 * @param engineFlags global flags that make the docker CLI use the same engine
 */
export function runArguments(options: RunOptions, engineFlags: readonly string[] = []): string[] {
  const flag = (name: string, value: string) => (value === '' ? [] : [name, value])
  return [
    'docker',
    ...engineFlags,
    'run',
    options.interactive ? '-it' : '-d',
    ...flag('--name', options.name),
    ...(options.removeAtEnd ? ['--rm'] : []),
    ...options.ports.flatMap((port) => ['-p', portText(port)]),
    ...options.volumes.flatMap(volumeFlag),
    ...options.environment.flatMap(({ name, value }) => ['-e', `${name}=${value}`]),
    ...flag('--network', options.network),
    ...(options.restart === 'no' ? [] : ['--restart', options.restart]),
    ...flag('-m', options.memory),
    ...flag('--cpus', options.cpus),
    ...flag('-u', options.user),
    ...flag('-w', options.workdir),
    ...operands([options.reference]),
    ...(splitShellWords(options.command) ?? [options.command]),
  ]
}

export const runCommand = (options: RunOptions, engineFlags?: readonly string[]): string =>
  runArguments(options, engineFlags).map(shellQuote).join(' ')

/** `127.0.0.1:8080:80`; `/tcp` is omitted. */
function portText({ host, container }: PortOptions): string {
  const [hostPort, containerPort] = [parseHostPort(host), parseContainerPort(container)]
  const hostText = hostPort ? hostPortText(hostPort) : host
  const suffix = !containerPort || containerPort.protocol === 'tcp' ? '' : `/${containerPort.protocol}`
  const containerText = containerPort ? `${containerPort.port}${suffix}` : container
  return hostText === '' ? containerText : `${hostText}:${containerText}`
}

function volumeFlag(volume: VolumeOptions): string[] {
  const volumeMount = toVolumeMount(volume)
  if ('mount' in volumeMount) return ['--mount', mountText(volumeMount.mount)]
  return ['-v', 'bind' in volumeMount ? volumeMount.bind : volumeMount.anonymous]
}

const mountText = ({ Type, Source, Target, ReadOnly }: Mount): string =>
  [
    `type=${Type}`,
    ...(Source === '' ? [] : [`source=${Source}`]),
    `target=${Target}`,
    ...(ReadOnly ? ['readonly'] : []),
  ]
    .map(csvField)
    .join(',')

/** The docker CLI parses the value of `--mount` as a CSV line. Source: docker/cli opts/mount.go; Go's encoding/csv. */
const csvField = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
