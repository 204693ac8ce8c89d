/** Texts for invalid fields of the Run dialog. */
import type { RunFaultCode } from '../../model/run/run.ts'
import type { MessageKey } from '../../resources/messages/index.ts'
import { t } from '../ui/i18n.svelte.ts'

const messageKeys = {
  'name-form': 'run.fault.name-form',
  'name-taken': 'run.fault.name-taken',
  'command-quote': 'run.fault.command-quote',
  'port-host': 'run.fault.port-host',
  'port-container': 'run.fault.port-container',
  'port-doubled': 'run.fault.port-doubled',
  'volume-source': 'run.fault.volume-source',
  'volume-target': 'run.fault.volume-target',
  'volume-doubled': 'run.fault.volume-doubled',
  'volume-read-only': 'run.fault.volume-read-only',
  'variable-name': 'run.fault.variable-name',
  'variable-doubled': 'run.fault.variable-doubled',
  'restart-with-remove': 'run.fault.restart-with-remove',
  'network-form': 'run.fault.network-form',
  'memory-form': 'run.fault.memory-form',
  'memory-small': 'run.fault.memory-small',
  'cpus-form': 'run.fault.cpus-form',
  'workdir-form': 'run.fault.workdir-form',
} as const satisfies Record<RunFaultCode, MessageKey>

export const faultText = (code: RunFaultCode): string => t(messageKeys[code])
