/**
 * `daemon.json`, the engine's own settings, as text. What is not ours stays as it was, byte for byte; what is not
 * plainly understood is not edited at all.
 */
import { withList } from './json-layout.ts'
import { scanObject, type JsonFaultCode, type JsonObject } from './json-text.ts'
import { distinctMirrors, sameMirrors } from '../mirrors/address.ts'

/** What the file may lack: it is made when it is first needed. */
export type FileText = string | undefined

export type FileFaultCode =
  | JsonFaultCode
  /** Bytes that are no UTF-8 text: to write the text back would lose them. */
  | 'encoding'
  /** A byte order mark. Docker 20.10 does not start with it. */
  | 'bom'
  | 'huge'
  /** One of our keys with capitals: Docker does not start, "don't match any configuration option" (20.10 to 28.5). */
  | 'key-case'
  | 'wrong-type'

export interface FileFault {
  readonly code: FileFaultCode
  /** Where; not said of a file that is too long to be shown. */
  readonly place?: Place
  /** The key that it is about. */
  readonly key?: string
}

/** Line and column are counted from 1, the column in characters. */
export interface Place {
  readonly line: number
  readonly column: number
  /** The line, without its end; of a long one, as in a file all on one line, what stands around the fault. */
  readonly text: string
}

export interface DaemonSettings {
  /** A file without anything in it is as good as none, but for Docker 20.10, which does not start with it. */
  readonly state: 'missing' | 'empty' | 'written'
  /** Whether the file gives a list of mirrors at all: to take up a file without one, a running engine changes nothing. */
  readonly hasMirrors: boolean
  /** As they are written. */
  readonly mirrors: readonly string[]
  readonly insecureRegistries: readonly string[]
}

export type DaemonFile =
  { readonly ok: true; readonly settings: DaemonSettings } | { readonly ok: false; readonly fault: FileFault }

export type Edited =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly fault: FileFault | { readonly code: 'too-many' } }

/** Each that hangs costs a pull 15 s, with the containerd store the pull itself. */
export const mostMirrors = 3

const mirrorsKey = 'registry-mirrors'
const insecureKey = 'insecure-registries'
/** In characters. Who writes so much by hand is not known; whoever opens it should not wait. */
const longest = 1_000_000

export function readDaemonFile(text: FileText): DaemonFile {
  const understood = understand(text)
  return understood.ok ? { ok: true, settings: understood.settings } : understood
}

/**
 * The file with these mirrors and no others. An empty list is written as `[]`: a running engine keeps its mirrors when
 * the key disappears (moby daemon/reload.go). The same mirrors give the same bytes.
 */
export function withMirrors(text: FileText, mirrors: readonly string[]): Edited {
  const understood = understand(text)
  if (!understood.ok) return understood
  const wished = distinctMirrors(mirrors)
  if (wished.length > mostMirrors) return { ok: false, fault: { code: 'too-many' } }
  const { settings, object } = understood
  if (settings.hasMirrors && sameMirrors(distinctMirrors(settings.mirrors), wished)) return { ok: true, text: text! }
  if (object) return { ok: true, text: withList(text!, object, mirrorsKey, wished) }
  const end = lineEnd.exec(text ?? '')?.[0] ?? '\n'
  return { ok: true, text: withList('{}', { start: 0, end: 2, members: [] }, mirrorsKey, wished, end) + end }
}

const lineEnd = /\r\n|\n|\r/

type Understood =
  | { readonly ok: true; readonly settings: DaemonSettings; readonly object?: JsonObject }
  | { readonly ok: false; readonly fault: FileFault }

function understand(text: FileText): Understood {
  const nothing = { hasMirrors: false, mirrors: [], insecureRegistries: [] }
  if (text === undefined) return { ok: true, settings: { state: 'missing', ...nothing } }
  if (text.length > longest) return { ok: false, fault: { code: 'huge' } }
  const fault = (code: FileFaultCode, at: number, key?: string): Understood => ({
    ok: false,
    fault: { code, place: placeOf(text, at), ...(key !== undefined && { key }) },
  })
  if (text.startsWith('\ufeff')) return fault('bom', 0)
  const lost = text.indexOf('\ufffd')
  if (lost >= 0) return fault('encoding', lost)
  if (/^[ \t\r\n]*$/.test(text)) return { ok: true, settings: { state: 'empty', ...nothing } }

  const scan = scanObject(text)
  if (!scan.ok) return fault(scan.fault.code, scan.fault.at, scan.fault.key)
  const lists = new Map<string, readonly string[]>()
  for (const { key, name, value } of scan.object.members) {
    const ours = [mirrorsKey, insecureKey].find((each) => each === key.toLowerCase())
    if (ours === undefined) continue
    if (ours !== key) return fault('key-case', name.start, key)
    const list: unknown = JSON.parse(text.slice(value.start, value.end))
    // Docker takes `null` as if the key were not there.
    if (list === null) continue
    if (!isTextList(list)) return fault('wrong-type', value.start, key)
    lists.set(key, list)
  }
  const settings: DaemonSettings = {
    state: 'written',
    hasMirrors: lists.has(mirrorsKey),
    mirrors: lists.get(mirrorsKey) ?? [],
    insecureRegistries: lists.get(insecureKey) ?? [],
  }
  return { ok: true, settings, object: scan.object }
}

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

/** How much of a long line is shown on each side of a fault. */
const around = 100

function placeOf(text: string, at: number): Place {
  const above = text.slice(0, at).split(new RegExp(lineEnd, 'g'))
  const before = [...above.at(-1)!]
  const [rest = ''] = text.slice(at).split(lineEnd, 1)
  const behind = [...rest]
  return {
    line: above.length,
    column: before.length + 1,
    text: [
      before.length > around ? '…' : '',
      ...before.slice(-around),
      ...behind.slice(0, around),
      behind.length > around ? '…' : '',
    ].join(''),
  }
}
