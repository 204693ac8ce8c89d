/** Reads the text of the Docker CLI's `config.json` as Docker does, which ignores what it cannot read. */
import { scanObject } from '../daemon-config/json-text.ts'

/** What is wrong with the text. `line` is counted from 1. */
export type ConfigFault =
  /** A byte order mark at the start. */
  | { readonly code: 'bom' }
  /** A quote, brace or bracket that is never closed, for example because the file was cut off. */
  | { readonly code: 'unclosed'; readonly line: number }
  /** `line` is absent if it is unknown. */
  | { readonly code: 'syntax'; readonly line?: number }
  /** JSON, but not an object. */
  | { readonly code: 'not-object' }
  /** `currentContext` is not a string. */
  | { readonly code: 'context-type' }

interface ParsedConfig {
  readonly currentContext?: string
  readonly fault?: ConfigFault
}

/**
 * Tested with Docker 28.5: an empty file has no fault, and text after the object is ignored. The key may have other
 * capitals. Source: docker/cli cli/config/config.go; Go, encoding/json.
 */
export function parseDockerConfig(text: string): ParsedConfig {
  if (text.startsWith('\ufeff')) return { fault: { code: 'bom' } }
  if (/^[ \t\r\n]*$/.test(text)) return {}
  const parsed = parseJson(text)
  if (!parsed.ok) return { fault: parsed.fault }
  const { value } = parsed
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) return { fault: { code: 'not-object' } }
  const named = Object.entries(value).filter(([key, entry]) => /^currentContext$/i.test(key) && entry !== null)
  const names = named.flatMap(([, entry]: [string, unknown]) => (typeof entry === 'string' ? [entry] : []))
  const currentContext = names.at(-1)
  return {
    ...(currentContext !== undefined && { currentContext }),
    ...(names.length < named.length && { fault: { code: 'context-type' } }),
  }
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; fault: ConfigFault } {
  const scanned = scanObject(text)
  const followsObject = !scanned.ok && ['after-end', 'extra-bracket'].includes(scanned.fault.code)
  const end = followsObject ? scanned.fault.at : text.length
  try {
    return { ok: true, value: JSON.parse(text.slice(0, end)) }
  } catch {
    if (scanned.ok) return { ok: false, fault: { code: 'syntax' } }
    const { code, at } = scanned.fault
    const line = text.slice(0, at).split('\n').length
    return { ok: false, fault: { code: code === 'unclosed' ? code : 'syntax', line } }
  }
}
