/**
 * Reads and edits the text of `daemon.json`. Everything but Slipway's keys is preserved byte for byte, and a file that
 * cannot be parsed is not edited.
 */
import { applyEdits } from 'jsonc-parser'
import { scanObject, type JsonFaultCode } from './json-text.ts'
import { listEdit, type Edit } from './list-edit.ts'
import { distinctMirrors, maxMirrors, sameMirrors } from '../mirrors/address.ts'

/** The file's text; undefined if the file does not exist. The first edit creates it. */
export type FileText = string | undefined

export type FileFaultCode =
  | JsonFaultCode
  /** Not UTF-8: writing the decoded text back would lose bytes. */
  | 'encoding'
  /** A byte order mark, with which Docker 20.10 does not start. */
  | 'bom'
  /**
   * A key of Slipway's, with capitals. Docker does not start: "don't match any configuration option" (20.10 to 28.5).
   */
  | 'key-case'
  /** A key of Slipway's twice. Docker follows the last one. */
  | 'duplicate-key'
  | 'wrong-type'
  /** A fault of a text that only administrators can read, which is not shown. */
  | 'hidden'

export interface FileFault {
  readonly code: FileFaultCode
  /** Where the fault is; absent if the file is too long or too deep to be shown. */
  readonly place?: Place
  /** The affected key. */
  readonly key?: string
}

/** Line and column are counted from 1, the column in characters. */
export interface Place {
  readonly line: number
  readonly column: number
  /** The line without its line end; for a long line, the part around the fault. */
  readonly text: string
  /** The fault's position in `text`, in characters from 0. */
  readonly mark: number
}

export interface DaemonSettings {
  /**
   * Docker treats an empty file like a missing one, except for Docker 20.10, which does not start with an empty file.
   */
  readonly state: 'missing' | 'empty' | 'written'
  /** Whether the file has a list of mirrors. Without one, a reload keeps the engine's current mirrors. */
  readonly hasMirrors: boolean
  /** The addresses as written in the file. */
  readonly mirrors: readonly string[]
  readonly insecureRegistries: readonly string[]
}

export type DaemonFile =
  { readonly ok: true; readonly settings: DaemonSettings } | { readonly ok: false; readonly fault: FileFault }

export type EditedFile =
  | {
      readonly ok: true
      readonly text: string
      /** The edits of the old text that give the new one. */
      readonly edits: readonly Edit[]
    }
  | { readonly ok: false; readonly fault: FileFault | { readonly code: 'too-many' } }

const mirrorsKey = 'registry-mirrors'
const insecureKey = 'insecure-registries'
/** Longer files are not parsed, so that opening one does not block. */
const maxCharacters = 1_000_000

/**
 * The file's text with exactly these mirrors; unchanged if the file already has them. An empty list is written as `[]`,
 * since a running engine keeps its mirrors when the key disappears (moby daemon/reload.go).
 */
export function withMirrors(text: FileText, mirrors: readonly string[]): EditedFile {
  const parsed = readDaemonFile(text)
  if (!parsed.ok) return parsed
  const requested = distinctMirrors(mirrors)
  if (requested.length > maxMirrors) return { ok: false, fault: { code: 'too-many' } }
  const { settings } = parsed
  if (text !== undefined && settings.hasMirrors && sameMirrors(distinctMirrors(settings.mirrors), requested))
    return { ok: true, text, edits: [] }
  const edit = listEdit(text ?? '', mirrorsKey, requested)
  return { ok: true, text: applyEdits(text ?? '', [edit]), edits: [edit] }
}

const lineEnd = /\r\n|\n|\r/

export function readDaemonFile(text: FileText): DaemonFile {
  const noSettings = { hasMirrors: false, mirrors: [], insecureRegistries: [] }
  if (text === undefined) return { ok: true, settings: { state: 'missing', ...noSettings } }
  if (text.length > maxCharacters) return { ok: false, fault: { code: 'huge' } }
  const fault = (code: FileFaultCode, offset: number, key?: string): DaemonFile => ({
    ok: false,
    fault: { code, place: placeAt(text, offset), ...(key !== undefined && { key }) },
  })
  if (text.startsWith('\ufeff')) return fault('bom', 0)
  const replacement = text.indexOf('\ufffd')
  if (replacement >= 0) return fault('encoding', replacement)
  if (/^[ \t\r\n]*$/.test(text)) return { ok: true, settings: { state: 'empty', ...noSettings } }

  const scan = scanObject(text)
  if (!scan.ok && scan.fault.code === 'huge') return { ok: false, fault: { code: 'huge' } }
  if (!scan.ok) return fault(isUtf16(text) ? 'encoding' : scan.fault.code, scan.fault.at)
  const lists = new Map<string, readonly string[]>()
  for (const { key, name, value } of scan.object.members) {
    const managedKey = [mirrorsKey, insecureKey].find((item) => item === key.toLowerCase())
    if (managedKey === undefined) continue
    if (managedKey !== key) return fault('key-case', name.start, key)
    if (scan.object.members.some((member) => member.key === key && member.name.start < name.start))
      return fault('duplicate-key', name.start, key)
    const list: unknown = JSON.parse(text.slice(value.start, value.end))
    // Docker treats `null` like a missing key.
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
  return { ok: true, settings }
}

/** Whether a text without a byte order mark is UTF-16, read as UTF-8: each of its characters has a NUL beside it. */
export const isUtf16 = (text: string): boolean => text[0] === '\0' || text[1] === '\0'

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** How many characters of a long line are shown on each side of a fault. */
const contextCharacters = 100

/** The place of an offset in the text. */
export function placeAt(text: string, offset: number): Place {
  const linesAbove = text.slice(0, offset).split(new RegExp(lineEnd, 'g'))
  const textBefore = [...linesAbove.at(-1)!]
  const [tail = ''] = text.slice(offset).split(lineEnd, 1)
  const textAfter = [...tail]
  return {
    line: linesAbove.length,
    column: textBefore.length + 1,
    mark: textBefore.length > contextCharacters ? contextCharacters + 1 : textBefore.length,
    text: [
      textBefore.length > contextCharacters ? '…' : '',
      ...textBefore.slice(-contextCharacters),
      ...textAfter.slice(0, contextCharacters),
      textAfter.length > contextCharacters ? '…' : '',
    ].join(''),
  }
}
