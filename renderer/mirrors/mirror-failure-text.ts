/** Why a mirror failed: a few words for the list, sentences for the details pane. */
import { rateLimitedUntil } from '../../model/mirrors/race.ts'
import { plain } from '../../model/text/plain.ts'
import type { Failure, MirrorProbe } from '../../preload/contract/index.ts'
import { failureText } from '../ui/failure-text.ts'
import { dateTime, joinSentences, t } from '../ui/i18n.svelte.ts'

type FailedProbe = Extract<MirrorProbe, { readonly state: 'failed' }>

/** Whether the mirror works, but does not serve this image: it refuses, or does not have the image. */
export const isRefusal = (probe: FailedProbe): boolean =>
  ['registry-login', 'registry-denied', 'registry-region', 'registry-limited', 'reference-unknown'].includes(
    probe.failure.code,
  ) && !isIncomplete(probe)

/** Whether the mirror served the tag's manifest, but not all content that the manifest references. */
const isIncomplete = ({ failure, digest }: FailedProbe) =>
  digest !== undefined && ['registry-slow', 'reference-unknown'].includes(failure.code)

/** Why the probe failed, in a few words for the list. */
export function shortReason(probe: FailedProbe): string {
  const { failure } = probe
  switch (failure.code) {
    case 'registry-unreachable':
      return unreachableReason(failure.reason)
    case 'registry-proxy':
      return t('mirrors.why.proxy')
    case 'registry-slow':
      return isIncomplete(probe) ? t('mirrors.why.tooSlow') : t('mirrors.why.slow')
    case 'registry-tls':
      return t('mirrors.why.tls')
    case 'registry-login':
      return t('mirrors.why.login')
    case 'registry-denied':
    case 'registry-region':
      return t('mirrors.why.denied')
    case 'registry-limited':
      return t('mirrors.why.limited')
    case 'registry-invalid-reply':
      return failure.page ? t('mirrors.why.page') : t('mirrors.why.invalidReply')
    case 'registry-redirects':
      return t('mirrors.why.redirects')
    case 'registry-address':
      return t('mirrors.why.address')
    case 'registry-error':
      return failure.status === 410 ? t('mirrors.why.gone') : t('mirrors.why.error', { status: String(failure.status) })
    case 'reference-unknown':
      return isIncomplete(probe) ? t('mirrors.why.partly') : t('mirrors.why.unknown')
    case 'content-altered':
      return t('mirrors.why.altered')
    case 'mirror-accepts-unknown-digest':
      return t('mirrors.why.anything')
    default:
      return t('mirrors.why.failed')
  }
}

function unreachableReason(reason: Extract<Failure, { code: 'registry-unreachable' }>['reason']): string {
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

/**
 * Why the probe failed, in sentences for the details pane. The texts differ from those for registries where these would
 * suggest a login or a check of the host's name: the user cannot log in to a mirror and did not type its host.
 */
export function mirrorFailureText(
  probe: FailedProbe,
  { host, image }: { readonly host: string; readonly image: string },
): string {
  const { failure, at } = probe
  const { title, hint } = failureText(failure)
  switch (failure.code) {
    case 'registry-slow':
      return isIncomplete(probe) ? t('mirrors.say.tooSlow', { host }) : joinSentences(title, hint)
    case 'reference-unknown':
      return isIncomplete(probe) ? t('mirrors.say.partly', { host, image }) : t('mirrors.say.unknown', { host, image })
    case 'registry-login':
      return title
    case 'registry-unreachable':
      return joinSentences(title, t('error.registry-unreachable.hint', { detail: plain(failure.detail) }))
    case 'registry-denied': {
      const denied = failureText({ ...failure, mirror: true })
      return joinSentences(denied.title, denied.hint)
    }
    case 'registry-limited': {
      const until = rateLimitedUntil({ at, until: failure.until })
      return until === undefined
        ? joinSentences(title, hint)
        : joinSentences(title, t('mirrors.say.rests', { time: dateTime(until) }))
    }
    default:
      return joinSentences(title, hint)
  }
}
