/** What in daemon.json keeps Docker from starting, and where. */
import { isIgnored, settingOfFlag, meantSetting, removedSettings, settingType, type SettingType } from './settings.ts'
import { isRefusedMirror, isRefusedRegistry } from './addresses.ts'
import { isUtf16, placeAt, type FileFaultCode, type FileText, type Place } from './file.ts'
import { scanObject, type Member } from './json-text.ts'

export type DaemonFaultCode =
  | Exclude<FileFaultCode, 'duplicate-key'>
  /** Docker 20.10 does not start with an empty file. */
  | 'empty'
  /** `means`: the setting whose name is misspelled, if it is known. */
  | 'unknown-key'
  /** This version no longer has the setting. `means`: the setting that replaces it. */
  | 'removed-key'
  /** dockerd was also given the setting as a flag. */
  | 'flag'
  /** Docker does not accept the address of a mirror. */
  | 'mirror'
  /** Docker does not accept the address of an insecure registry. */
  | 'registry'

export interface DaemonFault {
  readonly code: DaemonFaultCode
  readonly place?: Place
  readonly key?: string
  readonly means?: string
  /** The type that the value must have. */
  readonly type?: SettingType
  /** The flag as it is given, such as `-H fd://`. */
  readonly flag?: string
  readonly address?: string
}

/** What is known about the dockerd that reads the file. */
export interface DockerdFacts {
  /** The major version; undefined if unknown. */
  readonly major?: number | undefined
  /** The arguments with which the service starts dockerd. */
  readonly flags?: readonly string[]
}

/** Newer versions may know settings that `settings.ts` does not list. */
const newestKnownMajor = 28

/** Enough to show. Those that follow are found once these are corrected. */
const maxFaults = 20

/**
 * @returns the faults that keep Docker from starting, in the order of the file, at most 20; a fault of syntax hides the
 * others
 */
export function daemonFaults(text: FileText, { major, flags = [] }: DockerdFacts = {}): readonly DaemonFault[] {
  if (text === undefined) return []
  const isOld = major !== undefined && major < 23
  const hasBom = text.startsWith('\ufeff')
  const bom: readonly DaemonFault[] =
    hasBom && (isOld || major === undefined) ? [{ code: 'bom', place: placeAt(text, 0) }] : []
  const body = hasBom ? ` ${text.slice(1)}` : text
  if (/^[ \t\r\n]*$/.test(body)) return isOld && !hasBom ? [{ code: 'empty', place: placeAt(text, 0) }] : bom
  const scan = scanJson(body, isOld)
  if (!scan.ok) {
    // Docker 23 and later read UTF-16 with a byte order mark.
    if (body.startsWith('\ufffd\ufffd') && !isOld && major !== undefined) return []
    const { code, at } = scan.fault
    const isOtherEncoding = body.includes('\ufffd') || isUtf16(body)
    return [...bom, { code: isOtherEncoding ? 'encoding' : code, place: placeAt(text, at) }]
  }
  const given = flagsBySetting(flags)
  const faults = [...bom]
  for (const member of scan.object.members) {
    faults.push(...memberFaults(body, member, major, given))
    if (faults.length >= maxFaults) break
  }
  return faults.slice(0, maxFaults)
}

/** Docker 20.10 ignores what follows the object. */
function scanJson(text: string, ignoresRest: boolean) {
  const scan = scanObject(text)
  if (scan.ok || !ignoresRest) return scan
  const first = scanObject(text.slice(0, scan.fault.at))
  return first.ok ? first : scan
}

function memberFaults(
  text: string,
  { key, name, value }: Member,
  major: number | undefined,
  flags: ReadonlyMap<string, string>,
): readonly DaemonFault[] {
  const at = (offset: number) => ({ place: placeAt(text, offset), key })
  const removed = removedSettings.get(key)
  if (removed && major !== undefined && major >= removed.since)
    return [{ code: 'removed-key', ...at(name.start), ...(removed.means !== undefined && { means: removed.means }) }]
  const type = settingType(key)
  if (type === undefined) {
    if (isIgnored(key)) return []
    const means = meantSetting(key)
    if (means !== undefined && key.toLowerCase() === means) return [{ code: 'key-case', ...at(name.start), means }]
    if (means !== undefined) return [{ code: 'unknown-key', ...at(name.start), means }]
    return major !== undefined && major <= newestKnownMajor ? [{ code: 'unknown-key', ...at(name.start) }] : []
  }
  const flag = flags.get(key)
  const conflict: readonly DaemonFault[] = flag === undefined ? [] : [{ code: 'flag', ...at(name.start), flag }]
  const json: unknown = JSON.parse(text.slice(value.start, value.end))
  if (!hasType(json, type)) {
    const option = type === 'text-map' ? optionThatIsNoText(text.slice(value.start, value.end)) : undefined
    const place = option ? { place: placeAt(text, value.start + option.start), key: option.key } : at(value.start)
    return [...conflict, { code: 'wrong-type', ...place, type: option ? 'text' : type }]
  }
  const addresses = Array.isArray(json) ? json.filter((item): item is string => typeof item === 'string') : []
  const refused = addresses.filter((address) =>
    key === 'registry-mirrors'
      ? isRefusedMirror(address, major)
      : key === 'insecure-registries' && isRefusedRegistry(address),
  )
  const code = key === 'registry-mirrors' ? 'mirror' : 'registry'
  return [
    ...conflict,
    ...refused.slice(0, maxFaults).map((address) => ({ code, ...at(value.start), address }) as const),
  ]
}

/** The first option of `log-opts` whose value is not a string. */
function optionThatIsNoText(json: string): { readonly key: string; readonly start: number } | undefined {
  const scan = scanObject(json)
  const option = scan.ok && scan.object.members.find(({ value }) => !/^["n]/.test(json.slice(value.start)))
  return option ? { key: option.key, start: option.value.start } : undefined
}

/** Whether a value has the type that Go's JSON parser requires, which reads null as a missing value. */
function hasType(value: unknown, type: SettingType): boolean {
  if (value === null || type === 'any') return true
  const isText = (item: unknown) => item === null || typeof item === 'string'
  switch (type) {
    case 'text':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'number':
      return typeof value === 'number'
    case 'list':
      return Array.isArray(value)
    case 'texts':
      return Array.isArray(value) && value.every(isText)
    case 'object':
      return typeof value === 'object' && !Array.isArray(value)
    case 'text-map':
      return typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isText)
  }
}

/** The settings that flags set, each with its flag as it is given. */
function flagsBySetting(flags: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  flags.forEach((argument, index) => {
    const [, name, value] = /^(-[A-Za-z]|--[a-z0-9-]+)(?:=(.*))?$/.exec(argument) ?? []
    if (name === undefined) return
    const next = flags[index + 1]
    const given = value === undefined && next !== undefined && !next.startsWith('-') ? `${argument} ${next}` : argument
    const setting = settingOfFlag(name)
    if (!settings.has(setting)) settings.set(setting, given)
  })
  return settings
}
