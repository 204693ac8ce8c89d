/** Texts for the plan of a mirror change in daemon.json, and for what prevents the change. */
import type { DaemonFault } from '../../model/daemon-config/faults.ts'
import type { FileFault } from '../../model/daemon-config/file.ts'
import type { Installation, Obstacle, PlanRow } from '../../model/daemon-config/plan.ts'
import type { SettingType } from '../../model/daemon-config/settings.ts'
import { plain } from '../../model/text/plain.ts'
import { joinNames, joinSentences, t } from '../ui/i18n.svelte.ts'
import { mirrorAddressText } from '../ui/mirror-address-text.ts'

/** The text of a plan row. Rows of kind `asks` (one for each mirror) are shown in a list of their own. */
export function rowText(row: PlanRow, file: string): string {
  switch (row.kind) {
    case 'asks':
      return row.was === 'new' ? t('daemon.row.new', { mirror: row.mirror }) : plain(row.mirror)
    case 'drops':
      return t('daemon.row.drops', { mirror: plain(row.mirror) })
    case 'clears':
      return t('daemon.row.clears')
    case 'file':
      return fileText(row.does, file)
    case 'password':
      return t('daemon.row.password')
    case 'reload':
      return t('daemon.row.reload')
    case 'restart':
      return t('daemon.row.restart')
  }
}

function fileText(does: 'made' | 'filled' | 'edited', file: string): string {
  if (does === 'made') return t('daemon.row.made', { file })
  return does === 'filled' ? t('daemon.row.filled', { file }) : t('daemon.row.edited', { file })
}

/** Why the change cannot be made (if `obstacle.blocks`), or what the user should know before making it. */
export function obstacleText(obstacle: Obstacle, file: string): string {
  switch (obstacle.kind) {
    case 'desktop':
    case 'podman':
    case 'elsewhere':
      return elsewhereText(obstacle.kind)
    case 'not-connected':
      return t('daemon.obstacle.not-connected')
    case 'too-many':
      return t('daemon.obstacle.too-many')
    case 'file':
      return faultText(obstacle.fault, file)
    case 'option':
      return t('daemon.obstacle.option', { mirrors: joinNames(obstacle.mirrors.map(plain)) })
    case 'unsafe-path':
      return joinSentences(
        t('error.daemon-file-folder-unsafe', { folder: plain(obstacle.path) }),
        t('error.daemon-file-folder-unsafe.hint'),
      )
    case 'address':
      return t('daemon.obstacle.address', { address: plain(obstacle.typed), why: mirrorAddressText(obstacle.why) })
    case 'hosts-toml':
      return t('daemon.obstacle.hosts-toml', { file: obstacle.path })
    case 'plain':
      return t('daemon.obstacle.plain', { mirror: plain(obstacle.mirror) })
    case 'restart':
      return obstacle.stops.length > 0
        ? t('daemon.obstacle.restart', { names: joinNames(obstacle.stops.map(plain)) })
        : t('daemon.obstacle.restartNone')
  }
}

/** Why Slipway cannot change the mirrors of this engine. */
export function elsewhereText(installation: Installation): string {
  if (installation === 'desktop') return t('daemon.obstacle.desktop')
  return installation === 'podman' ? t('daemon.obstacle.podman') : t('daemon.obstacle.elsewhere')
}

/** What is wrong in daemon.json: why Slipway cannot edit it, or Docker does not start with it. */
export function faultText(fault: FileFault | DaemonFault, file: string): string {
  const { code, key = '' } = fault
  const line = String(fault.place?.line ?? 1)
  switch (code) {
    case 'duplicate-key':
      return t('daemon.fault.duplicate-key', { file, line, key: plain(key) })
    case 'key-case':
      return t('daemon.fault.key-case', { file, line, key: plain(key) })
    case 'wrong-type': {
      const type = 'type' in fault ? typeText(fault.type) : undefined
      return type === undefined
        ? t('daemon.fault.wrong-type', { file, line, key: plain(key) })
        : t('daemon.fault.type', { file, line, key: plain(key), type })
    }
    case 'bom':
      return t('daemon.fault.bom', { file })
    case 'encoding':
      return t('daemon.fault.encoding', { file })
    case 'huge':
      return t('daemon.fault.huge', { file })
    case 'trailing-comma':
      return t('daemon.fault.trailing-comma', { file, line })
    case 'missing-comma':
      return t('daemon.fault.missing-comma', { file, line })
    case 'punctuation':
      return t('daemon.fault.punctuation', { file, line })
    case 'comment':
      return t('daemon.fault.comment', { file, line })
    case 'missing-colon':
      return t('daemon.fault.missing-colon', { file, line })
    case 'unclosed':
      return t('daemon.fault.unclosed', { file, line })
    case 'extra-bracket':
      return t('daemon.fault.extra-bracket', { file, line })
    case 'unquoted':
      return t('daemon.fault.unquoted', { file, line })
    case 'capital-word':
      return t('daemon.fault.capital-word', { file, line })
    case 'escaped-quote':
      return t('daemon.fault.escaped-quote', { file, line })
    case 'escape':
      return t('daemon.fault.escape', { file, line })
    case 'space':
      return t('daemon.fault.space', { file, line })
    case 'after-end':
      return t('daemon.fault.after-end', { file, line })
    case 'hidden':
      return t('daemon.fault.hidden', { file, line })
    case 'not-object':
      return t('daemon.fault.not-object', { file })
    case 'web-page':
      return t('daemon.fault.web-page', { file })
    case 'empty':
      return t('daemon.fault.empty', { file })
    case 'unknown-key':
    case 'removed-key':
    case 'flag':
    case 'mirror':
    case 'registry':
      return settingText(fault, file, line)
    case 'syntax':
      return t('daemon.fault.other', { file, line })
  }
}

/** What is wrong with a setting that Docker refuses. */
function settingText(
  { code, key = '', means, flag = '', address = '' }: DaemonFault,
  file: string,
  line: string,
): string {
  const facts = { file, line, key: plain(key) }
  if (code === 'flag') return t('daemon.fault.flag', { ...facts, flag: plain(flag) })
  if (code === 'mirror') return t('daemon.fault.mirror', { file, line, mirror: plain(address) })
  if (code === 'registry') return t('daemon.fault.registry', { file, line, registry: plain(address) })
  if (code === 'removed-key')
    return means === undefined
      ? t('daemon.fault.removed-key', facts)
      : t('daemon.fault.replaced-key', { ...facts, means })
  return means === undefined
    ? t('daemon.fault.unknown-key', facts)
    : t('daemon.fault.misspelled-key', { ...facts, means })
}

/** The type that a value must have; undefined for a list of strings, which has words of its own. */
function typeText(type: SettingType | undefined): string | undefined {
  switch (type) {
    case 'text':
      return t('daemon.type.text')
    case 'boolean':
      return t('daemon.type.boolean')
    case 'number':
      return t('daemon.type.number')
    case 'list':
      return t('daemon.type.list')
    case 'object':
    case 'text-map':
      return t('daemon.type.object')
    default:
      return undefined
  }
}
