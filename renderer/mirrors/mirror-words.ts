/** What is known of a mirror, in words: one or two for the list, a sentence for its pane. */
import { plain } from '../../model/text.ts'
import type { Content } from '../../model/mirror-race.ts'
import type { Failure, Mirror, MirrorProbe } from '../../preload/contract/index.ts'
import { failureWords } from '../ui/failure.ts'
import { sentences, shownLanguage, t } from '../ui/words.svelte.ts'

export interface Verdict {
  readonly word: string
  readonly tone: 'good' | 'warn' | 'bad' | 'plain'
}

export function verdictOf(probe: MirrorProbe | undefined, content: Content, fastest: boolean): Verdict | undefined {
  switch (probe?.state) {
    case undefined:
    case 'waiting':
      return undefined
    case 'asking':
      return { word: t('mirrors.asking'), tone: 'plain' }
    case 'measuring':
      return { word: t('mirrors.measuring'), tone: 'plain' }
    case 'failed':
      return { word: whyShort(probe.failure), tone: isRefusal(probe.failure) ? 'warn' : 'bad' }
    case 'answered':
      return answered(content, fastest)
  }
}

function answered(content: Content, fastest: boolean): Verdict {
  switch (content) {
    case 'other':
      return { word: t('mirrors.other'), tone: 'bad' }
    case 'disputed':
      return { word: t('mirrors.disputed'), tone: 'warn' }
    case 'older':
      return { word: t('mirrors.older'), tone: 'warn' }
    case 'either':
      return { word: t('mirrors.either'), tone: 'warn' }
    case 'open':
      return { word: t('mirrors.uncompared'), tone: 'plain' }
    case 'same':
    case 'alone':
      return { word: fastest ? t('mirrors.fastest') : t('mirrors.works'), tone: 'good' }
  }
}

/** It is there, and does not serve this image to this computer now. */
const isRefusal = ({ code }: Failure) =>
  ['registry-login', 'registry-denied', 'registry-limited', 'reference-unknown'].includes(code)

function whyShort(failure: Failure): string {
  switch (failure.code) {
    case 'registry-unreachable':
      return unreachable(failure.reason)
    case 'registry-slow':
      return t('mirrors.why.slow')
    case 'registry-tls':
      return t('mirrors.why.tls')
    case 'registry-login':
      return t('mirrors.why.login')
    case 'registry-denied':
      return t('mirrors.why.denied')
    case 'registry-limited':
      return t('mirrors.why.limited')
    case 'registry-nonsense':
      return failure.page ? t('mirrors.why.page') : t('mirrors.why.nonsense')
    case 'registry-redirects':
      return t('mirrors.why.redirects')
    case 'registry-error':
      return failure.status === 410 ? t('mirrors.why.gone') : t('mirrors.why.error', { status: String(failure.status) })
    case 'reference-unknown':
      return t('mirrors.why.unknown')
    case 'content-altered':
      return t('mirrors.why.altered')
    case 'mirror-says-anything':
      return t('mirrors.why.anything')
    default:
      return t('mirrors.why.failed')
  }
}

function unreachable(reason: Extract<Failure, { code: 'registry-unreachable' }>['reason']): string {
  switch (reason) {
    case 'no-host':
      return t('mirrors.why.no-host')
    case 'no-network':
      return t('mirrors.why.no-network')
    case 'refused':
      return t('mirrors.why.refused')
    case 'cut':
      return t('mirrors.why.cut')
    case undefined:
      return t('mirrors.why.unreachable')
  }
}

export function sentenceOf(probe: MirrorProbe | undefined, content: Content): string {
  if (probe?.state === 'failed') {
    const { title, hint } = failureWords(probe.failure)
    return sentences(title, hint)
  }
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

/** What people call it: its operator where one is known. */
export const titleOf = ({ host, known }: Mirror): string => plain(known?.operator?.[shownLanguage()] ?? host)

/** Who may use it, or that it is no more. */
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

/** A short time with the figures that matter: `0.12`, `1.4`, `5`. */
export const secondsOf = (seconds: number): string =>
  new Intl.NumberFormat(shownLanguage(), { maximumSignificantDigits: 2 }).format(seconds)
