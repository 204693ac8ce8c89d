/** A wish as the command that does the same in a terminal. */
import { hostPortText, parseContainerPort, parseHostPort } from './port.ts'
import type { PortWish, RunWish, VolumeWish } from './run.ts'
import { mountedAs, type Mount } from './request.ts'
import { quoted, shellWords } from '../text/shell.ts'

/** For a wish that has faults still, as near as it comes. `reach`: what leads Docker's command to the same engine. */
export function runArguments(wish: RunWish, reach: readonly string[] = []): string[] {
  const flag = (name: string, value: string) => (value === '' ? [] : [name, value])
  return [
    'docker',
    ...reach,
    'run',
    wish.interactive ? '-it' : '-d',
    ...flag('--name', wish.name),
    ...(wish.removeAtEnd ? ['--rm'] : []),
    ...wish.ports.flatMap((port) => ['-p', portText(port)]),
    ...wish.volumes.flatMap(volumeFlag),
    ...wish.environment.flatMap(({ name, value }) => ['-e', `${name}=${value}`]),
    ...flag('--network', wish.network),
    ...(wish.restart === 'no' ? [] : ['--restart', wish.restart]),
    ...flag('-m', wish.memory),
    ...flag('--cpus', wish.cpus),
    ...flag('-u', wish.user),
    ...flag('-w', wish.workdir),
    wish.reference,
    ...(shellWords(wish.command) ?? [wish.command]),
  ]
}

export const runCommand = (wish: RunWish, reach?: readonly string[]): string =>
  runArguments(wish, reach).map(quoted).join(' ')

/** `127.0.0.1:8080:80`: tcp goes without saying. */
function portText({ host, container }: PortWish): string {
  const [from, to] = [parseHostPort(host), parseContainerPort(container)]
  const left = from ? hostPortText(from) : host
  const right = to ? `${to.port}${to.protocol === 'tcp' ? '' : `/${to.protocol}`}` : container
  return left === '' ? right : `${left}:${right}`
}

function volumeFlag(volume: VolumeWish): string[] {
  const mounted = mountedAs(volume)
  if ('mount' in mounted) return ['--mount', mountText(mounted.mount)]
  return ['-v', 'bind' in mounted ? mounted.bind : mounted.own]
}

const mountText = ({ Type, Source, Target, ReadOnly }: Mount): string =>
  [
    `type=${Type}`,
    ...(Source === '' ? [] : [`source=${Source}`]),
    `target=${Target}`,
    ...(ReadOnly ? ['readonly'] : []),
  ]
    .map(asCell)
    .join(',')

/** Docker reads the value as a line of comma-separated values. Source: docker/cli opts/mount.go; Go's encoding/csv. */
const asCell = (text: string): string => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
