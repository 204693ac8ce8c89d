/** Texts that say why a field of the Run dialog is invalid. */
import type { RunFaultCode } from '../../model/run/run.ts'
import type { MessageKey } from '../../resources/messages/index.ts'
import { t } from '../ui/i18n.svelte.ts'

const messageKeys = {
  'name-invalid': 'run.fault.name-invalid',
  'name-taken': 'run.fault.name-taken',
  'command-unclosed-quote': 'run.fault.command-unclosed-quote',
  'port-host': 'run.fault.port-host',
  'port-container': 'run.fault.port-container',
  'port-duplicate': 'run.fault.port-duplicate',
  'volume-source': 'run.fault.volume-source',
  'volume-target': 'run.fault.volume-target',
  'volume-duplicate': 'run.fault.volume-duplicate',
  'volume-read-only': 'run.fault.volume-read-only',
  'volume-label-system': 'run.fault.volume-label-system',
  'volume-label-colon': 'run.fault.volume-label-colon',
  'variable-name': 'run.fault.variable-name',
  'variable-duplicate': 'run.fault.variable-duplicate',
  'restart-with-remove': 'run.fault.restart-with-remove',
  'network-invalid': 'run.fault.network-invalid',
  'memory-invalid': 'run.fault.memory-invalid',
  'memory-too-small': 'run.fault.memory-too-small',
  'cpus-invalid': 'run.fault.cpus-invalid',
  'workdir-invalid': 'run.fault.workdir-invalid',
} as const satisfies Record<RunFaultCode, MessageKey>

export const faultText = (code: RunFaultCode): string => t(messageKeys[code])
