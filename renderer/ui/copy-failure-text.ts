/** Texts for failures to save an image or to load its copy. */
import { archiveFault } from '../../model/archives/engine-errors.ts'
import type { ArchiveProblem } from '../../model/archives/problems.ts'
import { plain } from '../../model/text/plain.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { addIdsCommand, type FailureText } from './failure-parts.ts'
import { t } from './i18n.svelte.ts'

type CopyFailure = Extract<Failure, { readonly code: `copy-${string}` }>

export function copyFailureText(failure: CopyFailure): FailureText {
  switch (failure.code) {
    case 'copy-missing':
      return { title: t('error.copy-missing', { file: failure.file }), hint: '' }
    case 'copy-not-deleted':
      return {
        title: t('error.copy-not-deleted', { file: failure.file }),
        hint: t('error.copy-not-deleted.hint', { detail: plain(failure.detail) }),
      }
    case 'copy-failed':
      return { title: t('error.copy-failed', { name: plain(failure.name) }), hint: failedHint(failure.detail) }
    case 'copy-incomplete':
      return { title: t('error.copy-incomplete', { name: plain(failure.name) }), hint: problemText(failure.problem) }
    case 'copy-changed':
      return { title: t('error.copy-changed'), hint: t('error.copy-changed.hint', { file: failure.file }) }
    case 'copy-not-loaded':
      return { title: t('error.copy-not-loaded'), ...notLoadedHint(failure) }
  }
}

function failedHint(detail: string): string {
  const fault = archiveFault(detail)
  if (fault === 'disk-full') return t('error.copy-failed.disk')
  if (fault === 'damaged') return t('error.copy-failed.damaged', { detail: plain(detail) })
  return t('error.copy-failed.hint', { detail: plain(detail) })
}

function notLoadedHint({
  file,
  detail,
}: Extract<CopyFailure, { code: 'copy-not-loaded' }>): Omit<FailureText, 'title'> {
  const fault = archiveFault(detail)
  if (fault === 'disk-full') return { hint: t('error.copy-not-loaded.disk', { file }) }
  if (fault === 'ids-missing') return { hint: t('error.engine-ids-missing.hint'), command: addIdsCommand }
  return { hint: t('error.copy-not-loaded.hint', { file, detail: plain(detail) }) }
}

function problemText(problem: ArchiveProblem): string {
  switch (problem.kind) {
    case 'ended-early':
      return t('error.copy-incomplete.ended-early')
    case 'missing':
      return t('error.copy-incomplete.missing', { path: plain(problem.path) })
    case 'altered':
      return t('error.copy-incomplete.altered', { path: plain(problem.path) })
    case 'platform-missing':
      return t('error.copy-incomplete.platform', { platform: plain(problem.platform) })
    case 'other-image':
      return t('error.copy-incomplete.other-image')
    case 'name-missing':
    case 'name-unexpected':
      return t('error.copy-incomplete.names', { reference: plain(problem.reference) })
  }
}
