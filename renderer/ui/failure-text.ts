/** Texts for failures: the fact, the reason, and the next step, possibly as a command. */
import type { Failure } from '../../preload/contract/index.ts'
import { plain } from '../../model/text/plain.ts'
import type { FailureText } from './failure-parts.ts'
import { cacheFailureText, isCacheFailure } from './cache-failure-text.ts'
import { copyFailureText } from './copy-failure-text.ts'
import { engineFailureText } from './engine-failure-text.ts'
import { daemonFileFailureText, isDaemonFileFailure } from './daemon-file-failure-text.ts'
import { registryFailureText } from './registry-failure-text.ts'
import { isRunFailure, runFailureText } from './run-failure-text.ts'
import { asSentence, joinSentences, size, t } from './i18n.svelte.ts'
export { engineFailureText, type FailureText }

/** A failure in one paragraph. A hint that leads to a command is left out, since the command is not shown. */
export function failureSentences(failure: Failure): string {
  const { title, hint, command } = failureText(failure)
  return joinSentences(asSentence(title), command === undefined ? hint : '')
}

export function failureText(failure: Failure): FailureText {
  if (isDaemonFileFailure(failure)) return daemonFileFailureText(failure)
  if (isRunFailure(failure)) return runFailureText(failure)
  if (isCacheFailure(failure)) return cacheFailureText(failure)
  switch (failure.code) {
    case 'bad-input':
    case 'internal':
      return { title: t('error.internal'), hint: '' }
    case 'busy':
      return { title: t('error.busy'), hint: '' }
    case 'image-gone':
      return { title: t('error.image-gone'), hint: '' }
    case 'tag-taken':
      return { title: t('error.tag-taken', { reference: failure.reference }), hint: '' }
    case 'plan-unknown':
    case 'plan-outdated':
      return { title: t('error.plan-outdated'), hint: '' }
    case 'image-changed':
      return { title: t('error.image-changed'), hint: '' }
    case 'image-not-removed':
      return { title: t('error.image-not-removed'), hint: '' }
    case 'name-taken':
      return { title: t('error.name-taken', { reference: failure.reference }), hint: '' }
    case 'disk-full': {
      const { folder } = failure
      const [needed, free] = [size(failure.needed), size(failure.free)]
      return { title: t('error.disk-full'), hint: t('error.disk-full.hint', { folder, needed, free }) }
    }
    case 'folder-unusable':
      return {
        title: t('error.folder-unusable'),
        hint: t('error.folder-unusable.hint', { folder: failure.folder, detail: plain(failure.detail) }),
      }
    case 'undo-unavailable':
      return { title: t('error.undo-unavailable'), hint: '' }
    case 'undo-other-engine':
      return { title: t('error.undo-other-engine'), hint: t('error.undo-other-engine.hint', failure) }
    case 'copy-missing':
    case 'copy-not-deleted':
    case 'copy-failed':
    case 'copy-incomplete':
    case 'copy-changed':
    case 'copy-not-loaded':
      return copyFailureText(failure)
    case 'registry-unreachable':
    case 'registry-slow':
    case 'registry-tls':
    case 'registry-login':
    case 'registry-realm':
    case 'registry-proxy':
    case 'docker-proxy-missing':
    case 'registry-denied':
    case 'registry-region':
    case 'registry-limited':
    case 'registry-plain':
    case 'engine-proxy':
    case 'registry-invalid-reply':
    case 'registry-error':
    case 'reference-invalid':
    case 'reference-unknown':
    case 'platform-missing':
    case 'image-system':
    case 'image-format-old':
    case 'engine-ids-missing':
    case 'pull-corrupt':
    case 'pull-disk-full':
    case 'pull-no-space':
    case 'registry-redirects':
    case 'registry-address':
    case 'content-altered':
    case 'mirror-accepts-unknown-digest':
      return registryFailureText(failure)
    case 'mirror-address-invalid':
      return { title: t('error.mirror-address-invalid', { address: plain(failure.address) }), hint: '' }
    case 'mirror-listed':
      return { title: t('error.mirror-listed', { address: failure.address }), hint: '' }
    case 'mirrors-too-many':
      return { title: t('error.mirrors-too-many', { n: failure.limit }), hint: '' }
    case 'file-unusable':
      return {
        title: t('error.file-unusable'),
        hint: t('error.file-unusable.hint', { file: plain(failure.file), detail: plain(failure.detail) }),
      }
    default:
      return engineFailureText(failure)
  }
}
