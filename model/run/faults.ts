/** Validates run options. The dialog applies these rules while the user types, and main applies them before a run. */
import { portsConflict, parseContainerPort, parseHostPort } from './port.ts'
import type { RunFault, RunFaultCode, RunField, RunOptions } from './run.ts'
import { minMemoryBytes, parseCpus, parseMemory } from './limits.ts'
import { cleanPath } from './path.ts'
import { mayLabelFolder } from './selinux.ts'
import { splitShellWords } from '../text/shell.ts'

/** Names of containers and volumes. Source: moby daemon/names/names.go, `RestrictedNamePattern`. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/
/** Docker accepts network names of a single character. */
const networkPattern = /^(?:container:)?[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
/** Paths with control characters cannot be written in `--mount`. */
const controlCharacter = /\p{Cc}/u

/**
 * @returns all faults of the options, in the order of the dialog's fields. `takenNames`: the names of existing
 * containers
 */
export function validateRunOptions(options: RunOptions, takenNames: Iterable<string>): RunFault[] {
  const check = (field: RunField, valid: boolean, code: RunFaultCode): RunFault[] => (valid ? [] : [{ field, code }])
  const { name, command, memory, cpus, workdir, network } = options
  const bytes = parseMemory(memory)
  return [
    ...check('name', name === '' || namePattern.test(name), 'name-invalid'),
    ...check('name', ![...takenNames].includes(name), 'name-taken'),
    ...check('command', splitShellWords(command) !== undefined, 'command-unclosed-quote'),
    ...portFaults(options),
    ...volumeFaults(options),
    ...variableFaults(options),
    ...check('network', network === '' || networkPattern.test(network), 'network-invalid'),
    ...check('restart', options.restart === 'no' || !options.removeAtEnd, 'restart-with-remove'),
    ...check('memory', memory === '' || bytes !== undefined, 'memory-invalid'),
    ...check('memory', bytes === undefined || bytes >= minMemoryBytes, 'memory-too-small'),
    ...check('cpus', cpus === '' || parseCpus(cpus) !== undefined, 'cpus-invalid'),
    ...check('workdir', workdir === '' || workdir.startsWith('/'), 'workdir-invalid'),
  ]
}

function portFaults({ ports }: RunOptions): RunFault[] {
  const parsed = ports.map(({ host, container }) => ({
    host: parseHostPort(host),
    container: parseContainerPort(container),
  }))
  return parsed.flatMap(({ host, container }, row): RunFault[] => {
    const fault = (code: RunFaultCode): RunFault[] => [{ field: 'ports', row, code }]
    if (!container) return fault('port-container')
    if (!host) return fault('port-host')
    const isDuplicate = parsed.slice(0, row).some((other) => {
      if (!other.host || other.container?.protocol !== container.protocol) return false
      // Two automatic host ports for one container port are useless, and Docker 28 fails with them.
      const bothAutomatic = other.host.port === undefined && host.port === undefined
      return bothAutomatic ? other.container.port === container.port : portsConflict(other.host, host)
    })
    return isDuplicate ? fault('port-duplicate') : []
  })
}

function volumeFaults({ volumes }: RunOptions): RunFault[] {
  return volumes.flatMap(({ source, target, readOnly, selinuxLabel }, row): RunFault[] => {
    const fault = (code: RunFaultCode): RunFault[] => [{ field: 'volumes', row, code }]
    if (source !== '' && !isAbsolutePath(source) && !namePattern.test(source)) return fault('volume-source')
    if (source === '' && readOnly) return fault('volume-read-only')
    if (!isAbsolutePath(target) || cleanPath(target) === '/') return fault('volume-target')
    if (selinuxLabel && source.startsWith('/')) {
      if (!mayLabelFolder(source)) return fault('volume-label-system')
      if (`${source}${target}`.includes(':')) return fault('volume-label-colon')
    }
    return volumes.slice(0, row).some((other) => cleanPath(other.target) === cleanPath(target))
      ? fault('volume-duplicate')
      : []
  })
}

function variableFaults({ environment }: RunOptions): RunFault[] {
  return environment.flatMap(({ name }, row): RunFault[] => {
    if (name === '' || name.includes('=')) return [{ field: 'environment', row, code: 'variable-name' }]
    return environment.slice(0, row).some((other) => other.name === name)
      ? [{ field: 'environment', row, code: 'variable-duplicate' }]
      : []
  })
}

const isAbsolutePath = (path: string): boolean => path.startsWith('/') && !controlCharacter.test(path)
