/** Texts for a mirror: a few words for the list, a sentence for the details pane. */
import { plain } from '../../model/text/plain.ts'
import type { Content } from '../../model/mirrors/race.ts'
import type { Mirror, MirrorProbe } from '../../preload/contract/index.ts'
import { resolvedLanguage, t } from '../ui/i18n.svelte.ts'
import { isRefusal, mirrorFailureText, shortReason } from './mirror-failure-text.ts'

export interface Verdict {
  readonly label: string
  readonly tone: 'good' | 'warn' | 'bad' | 'plain'
}

/** @returns the result of a mirror's probe in a few words; undefined before the probe has started */
export function verdictOf(probe: MirrorProbe | undefined, content: Content, isFastest: boolean): Verdict | undefined {
  switch (probe?.state) {
    case undefined:
    case 'waiting':
      return undefined
    case 'asking':
      return { label: t('mirrors.asking'), tone: 'plain' }
    case 'measuring':
      return { label: t('mirrors.measuring'), tone: 'plain' }
    case 'failed':
      return { label: shortReason(probe), tone: isRefusal(probe) ? 'warn' : 'bad' }
    case 'answered':
      return answeredVerdict(content, isFastest)
  }
}

function answeredVerdict(content: Content, isFastest: boolean): Verdict {
  switch (content) {
    case 'other':
      return { label: t('mirrors.other'), tone: 'bad' }
    case 'disputed':
      return { label: t('mirrors.disputed'), tone: 'warn' }
    case 'older':
      return { label: t('mirrors.older'), tone: 'warn' }
    case 'either':
      return { label: t('mirrors.either'), tone: 'warn' }
    case 'open':
      return { label: t('mirrors.uncompared'), tone: 'plain' }
    case 'same':
    case 'alone':
      return { label: isFastest ? t('mirrors.fastest') : t('mirrors.works'), tone: 'good' }
  }
}

/**
 * @param image the image that the mirrors are tested with
 * @returns the result of a mirror's probe in a sentence
 */
export function explanationOf(
  { host }: Mirror,
  probe: MirrorProbe | undefined,
  { content, image }: { readonly content: Content; readonly image: string },
): string {
  if (probe?.state === 'failed') return mirrorFailureText(probe, { host: plain(host), image: plain(image) })
  if (probe?.state !== 'answered') return t('mirrors.say.untested')
  switch (content) {
    case 'same':
      return t('mirrors.say.works')
    case 'alone':
      return t('mirrors.say.alone')
    case 'older':
      return t('mirrors.say.older')
    case 'either':
      return t('mirrors.say.either')
    case 'other':
      return t('mirrors.say.other')
    case 'disputed':
      return t('mirrors.say.disputed')
    case 'open':
      return t('mirrors.say.open')
  }
}

/** Title of a mirror: its operator if known, otherwise its host. */
export const titleOf = ({ host, known }: Mirror): string => plain(known?.operator?.[resolvedLanguage()] ?? host)

/** Says who may use the mirror or, for a closed mirror, since when it is closed. */
export function accessOf({ own, known }: Mirror): string {
  if (known?.closed !== undefined)
    return known.closed ? t('mirrors.closedSince', { date: known.closed }) : t('mirrors.closed')
  if (own || !known) return t('mirrors.access.own')
  switch (known.access) {
    case 'public':
      return t('mirrors.access.public')
    case 'region':
      return t('mirrors.access.region')
    case 'account':
      return t('mirrors.access.account')
    case 'network':
      return t('mirrors.access.network')
    case 'vendor':
      return t('mirrors.access.vendor')
  }
}

/** Formats seconds with at most two significant digits: `0.12`, `1.4`, `5`. */
export const formatSeconds = (seconds: number): string =>
  new Intl.NumberFormat(resolvedLanguage(), { maximumSignificantDigits: 2 }).format(seconds)
