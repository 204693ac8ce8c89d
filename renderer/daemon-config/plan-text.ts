/** Texts for the plan of a mirror change in daemon.json, and for what prevents the change. */
import type { FileFault } from '../../model/daemon-config/file.ts'
import type { Installation, Obstacle, PlanRow } from '../../model/daemon-config/plan.ts'
import { plain } from '../../model/text/plain.ts'
import { joinNames, t } from '../ui/i18n.svelte.ts'
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
    case 'too-many':
      return t('daemon.obstacle.too-many')
    case 'file':
      return faultText(obstacle.fault, file)
    case 'option':
      return t('daemon.obstacle.option', { mirrors: joinNames(obstacle.mirrors.map(plain)) })
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

/** Why Slipway cannot edit daemon.json. */
export function faultText({ code, place, key = '' }: FileFault, file: string): string {
  const line = String(place?.line ?? 1)
  switch (code) {
    case 'duplicate-key':
      return t('daemon.fault.duplicate-key', { file, line, key: plain(key) })
    case 'key-case':
      return t('daemon.fault.key-case', { file, line, key: plain(key) })
    case 'wrong-type':
      return t('daemon.fault.wrong-type', { file, line, key: plain(key) })
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
    default:
      return t('daemon.fault.other', { file, line })
  }
}
