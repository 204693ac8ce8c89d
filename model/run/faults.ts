/** What is wrong with a wish before the engine is asked: the same rules while it is typed and when it is carried out. */
import { collide, parseContainerPort, parseHostPort } from './port.ts'
import type { RunFault, RunFaultCode, RunField, RunWish } from './run.ts'
import { leastMemory, parseCpus, parseMemory } from './limits.ts'
import { shellWords } from '../text/shell.ts'

/** Source: moby daemon/names/names.go, `RestrictedNamePattern`; for containers and volumes alike. */
const named = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/
/** One network has more names than another: Docker itself takes a single letter. */
const networkName = /^(?:container:)?[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
/** No line of a list of mounts could hold it. */
const control = /\p{Cc}/u

export function runFaults(wish: RunWish, taken: Iterable<string>): RunFault[] {
  const text = (field: RunField, holds: boolean, code: RunFaultCode): RunFault[] => (holds ? [] : [{ field, code }])
  const { name, command, memory, cpus, workdir, network } = wish
  const bytes = parseMemory(memory)
  return [
    ...text('name', name === '' || named.test(name), 'name-form'),
    ...text('name', ![...taken].includes(name), 'name-taken'),
    ...text('command', shellWords(command) !== undefined, 'command-quote'),
    ...portFaults(wish),
    ...volumeFaults(wish),
    ...variableFaults(wish),
    ...text('network', network === '' || networkName.test(network), 'network-form'),
    ...text('restart', wish.restart === 'no' || !wish.removeAtEnd, 'restart-with-remove'),
    ...text('memory', memory === '' || bytes !== undefined, 'memory-form'),
    ...text('memory', bytes === undefined || bytes >= leastMemory, 'memory-small'),
    ...text('cpus', cpus === '' || parseCpus(cpus) !== undefined, 'cpus-form'),
    ...text('workdir', workdir === '' || workdir.startsWith('/'), 'workdir-form'),
  ]
}

function portFaults({ ports }: RunWish): RunFault[] {
  const read = ports.map(({ host, container }) => ({
    host: parseHostPort(host),
    container: parseContainerPort(container),
  }))
  return read.flatMap(({ host, container }, row): RunFault[] => {
    const fault = (code: RunFaultCode): RunFault[] => [{ field: 'ports', row, code }]
    if (!container) return fault('port-container')
    if (!host) return fault('port-host')
    const doubled = read.slice(0, row).some((other) => {
      if (!other.host || other.container?.protocol !== container.protocol) return false
      // One port that the engine chooses is as good as two, and 28 gets into its own way with them.
      const bothChosen = other.host.port === undefined && host.port === undefined
      return bothChosen ? other.container.port === container.port : collide(other.host, host)
    })
    return doubled ? fault('port-doubled') : []
  })
}

function volumeFaults({ volumes }: RunWish): RunFault[] {
  return volumes.flatMap(({ source, target, readOnly }, row): RunFault[] => {
    const fault = (code: RunFaultCode): RunFault[] => [{ field: 'volumes', row, code }]
    if (source !== '' && !isFolder(source) && !named.test(source)) return fault('volume-source')
    if (source === '' && readOnly) return fault('volume-read-only')
    if (!isFolder(target) || cleaned(target) === '/') return fault('volume-target')
    return volumes.slice(0, row).some((other) => cleaned(other.target) === cleaned(target))
      ? fault('volume-doubled')
      : []
  })
}

function variableFaults({ environment }: RunWish): RunFault[] {
  return environment.flatMap(({ name }, row): RunFault[] => {
    if (name === '' || name.includes('=')) return [{ field: 'environment', row, code: 'variable-name' }]
    return environment.slice(0, row).some((other) => other.name === name)
      ? [{ field: 'environment', row, code: 'variable-doubled' }]
      : []
  })
}

const isFolder = (path: string): boolean => path.startsWith('/') && !control.test(path)

/** As the engine compares paths. */
function cleaned(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
