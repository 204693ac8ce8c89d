/** The plan that makes Docker accept a daemon.json which keeps it from starting. */
import { applyEdits, modify } from 'jsonc-parser'
import { acceptedMirror, acceptedRegistry } from './addresses.ts'
import { daemonFaults, type DaemonFault, type DockerdFacts } from './faults.ts'
import { readDaemonFile } from './file.ts'
import { scanObject } from './json-text.ts'
import { listEdit } from './list-edit.ts'
import { lineDiff } from './line-diff.ts'
import { mendText } from './mend.ts'
import type { FileChange } from './plan.ts'
import { settingType } from './settings.ts'

export interface RepairPlan {
  /** What keeps Docker from starting; empty if the file is not known to. */
  readonly faults: readonly DaemonFault[]
  /** Absent if Slipway cannot repair the file. */
  readonly change?: FileChange
  /** The change only mends white space and punctuation, so the helper may make it. */
  readonly isMend: boolean
  /** The faults that the change leaves. */
  readonly remaining: readonly DaemonFault[]
  /** Settings that the change removes. */
  readonly drops: readonly string[]
  /** The settings that the text names, as far as it can be read. A new file would lose them. */
  readonly named: readonly string[]
}

export function planRepair(text: string, facts: DockerdFacts): RepairPlan {
  const faults = daemonFaults(text, facts)
  const unchanged = { faults, isMend: false, remaining: faults, drops: [], named: namedSettings(text) }
  const mended = faults.length > 0 ? mendText(text) : undefined
  if (mended === undefined) return unchanged
  const { after, drops } = editSettings(mended, daemonFaults(mended, facts))
  if (after === text) return unchanged
  return {
    ...unchanged,
    change: { before: text, after, diff: lineDiff(text, after) },
    isMend: after === mended && isMendable(text) && readDaemonFile(after).ok,
    remaining: daemonFaults(after, facts),
    drops,
  }
}

/** Whether the helper accepts a mended text in place of this one (resources/helper, mend.py). */
function isMendable(text: string): boolean {
  const file = readDaemonFile(text)
  return file.ok ? file.settings.state === 'empty' : !['key-case', 'duplicate-key'].includes(file.fault.code)
}

/** Renames misspelled and replaced settings, removes those that Docker refuses, and completes addresses of mirrors. */
function editSettings(text: string, faults: readonly DaemonFault[]) {
  const drops: string[] = []
  let after = text
  for (const { code, key, means } of faults) {
    const scan = scanObject(after)
    const object = scan.ok ? scan.object : undefined
    const name = object?.members.find((member) => member.key === key)?.name
    if (!object || !name || key === undefined) continue
    const isTaken = object.members.some((member) => member.key === means)
    if (means !== undefined && !isTaken)
      after = applyEdits(after, [{ offset: name.start, length: name.end - name.start, content: JSON.stringify(means) }])
    else if (code === 'flag' || (code === 'removed-key' && means === undefined)) {
      after = applyEdits(after, modify(after, [key], undefined, {}))
      drops.push(key)
    } else if (code === 'mirror' || code === 'registry') after = withAcceptedAddresses(after)
  }
  return { after, drops }
}

function withAcceptedAddresses(text: string): string {
  const withList = (key: string, list: readonly string[]) => applyEdits(text, [listEdit(text, key, list)])
  const file = readDaemonFile(text)
  if (!file.ok) return text
  const { mirrors, insecureRegistries } = file.settings
  const accepted = mirrors.map(acceptedMirror)
  if (accepted.some((mirror, index) => mirror !== mirrors[index])) return withList('registry-mirrors', accepted)
  const registries = insecureRegistries.map(acceptedRegistry)
  return registries.length === 0 ? text : withList('insecure-registries', registries)
}

/** The settings that a text names, as far as it can be read. */
export function namedSettings(text: string): readonly string[] {
  // Names are tried only from their first letter, so a long word is read once.
  const names = [...text.matchAll(/(?<![a-z0-9-])([a-z][a-z0-9-]+)["”“'’＂]?[^\S\n]*[:：]/g)].map(
    ([, name = '']) => name,
  )
  return [...new Set(names)].filter((name) => settingType(name) !== undefined)
}
