/** Maps the helper's error codes, a closed list (resources/helper, errors.py), to Slipway's failures. */
import * as v from 'valibot'
import type { DaemonFileFailure } from '../../preload/contract/index.ts'
import { startCommandFor } from './start-command.ts'

const text = v.fallback(v.string(), '')
const number = v.fallback(v.number(), 0)
const key = v.picklist(['registry-mirrors', 'insecure-registries'])

const errorLine = v.object({
  error: v.string(),
  state: v.fallback(v.picklist(['untouched', 'restored', 'left', 'unsure']), 'unsure'),
  folder: text,
  file: text,
  detail: text,
  why: text,
  target: text,
  mirror: text,
  registry: text,
  line: number,
  column: number,
  bytes: number,
  most: number,
  key: v.fallback(key, 'registry-mirrors'),
  kind: v.fallback(v.optional(v.picklist(['system', 'snap', 'rootless'])), undefined),
  what: v.fallback(v.picklist(['folder', 'special', 'hard-link', 'link-broken', 'link-unsafe']), 'special'),
})

/** Converts an error line of the helper to a failure. */
export function toFailure(line: unknown): DaemonFileFailure {
  const { error, state, ...facts } = v.parse(errorLine, line)
  const { folder, file, detail, target, key, bytes, most } = facts
  switch (error) {
    case 'busy':
      return { code: 'helper-busy' }
    case 'file-changed':
      return { code: 'daemon-file-changed', state }
    case 'file-invalid':
      return { code: 'daemon-file-invalid', line: facts.line, column: facts.column, detail, state }
    case 'file-duplicate-key':
      return { code: 'daemon-file-duplicate-key', key, state }
    case 'file-too-large':
      return { code: 'daemon-file-too-large', bytes, most, state }
    case 'file-odd':
      return { code: 'daemon-file-unsuitable', what: facts.what, target, state }
    case 'folder-unsafe':
    case 'state-unsafe':
      return { code: 'daemon-file-folder-unsafe', folder, state }
    case 'read-only':
      return { code: 'daemon-file-read-only', folder, state }
    case 'no-space':
      return { code: 'daemon-file-no-space', folder, state }
    case 'not-permitted':
    case 'mounted':
    case 'io':
      return { code: 'daemon-file-not-writable', folder, detail, state }
    case 'mirror-invalid':
      return { code: 'daemon-file-mirror-invalid', mirror: facts.mirror, state }
    case 'registry-invalid':
      return { code: 'daemon-file-registry-invalid', registry: facts.registry, state }
    case 'engine-down': {
      const start = facts.kind && startCommandFor(facts.kind)
      return { code: 'daemon-file-engine-down', ...(start !== undefined && { start }), state }
    }
    case 'engine-elsewhere':
      return { code: 'daemon-file-other-file', file, state }
    case 'flag-conflict':
      return { code: 'daemon-file-flag-conflict', key, state }
    case 'engine-refused':
      return { code: 'daemon-file-refused', detail, state }
    case 'reload-failed':
      return { code: 'daemon-file-reload-failed', detail, state }
    case 'not-taken-up':
      return { code: 'daemon-file-not-applied', state }
    case 'backup-unknown':
    case 'backup-invalid':
      return { code: 'daemon-file-no-backup', state }
    default:
      return { code: 'daemon-file-helper-error', why: [error, facts.why || detail].filter(Boolean).join(': '), state }
  }
}
