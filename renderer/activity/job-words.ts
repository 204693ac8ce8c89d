/** What a job is and what became of it, in words. */
import type { Job, JobItem } from '../../preload/contract/index.ts'
import { failureWords } from '../ui/failure.ts'
import { bytesBetween, size, t } from '../ui/words.svelte.ts'

export function titleOf({ subject, state }: Job): string {
  const ended = state !== 'running'
  if (subject.kind === 'undo')
    return ended ? t('job.undone', { n: subject.restores }) : t('job.undoing', { n: subject.restores })
  if (subject.deletes === 0)
    return ended ? t('job.untagged', { n: subject.untags }) : t('job.untagging', { n: subject.untags })
  return ended ? t('job.removed', { n: subject.deletes }) : t('job.removing', { n: subject.deletes })
}

/** One line below the title: how far it is, or how it ended. */
export function storyOf(job: Job): string {
  const { subject, state, items, failure } = job
  const done = items.filter((item) => item.state === 'done').length
  if (state === 'running') return t('job.progress', { done: String(done), all: String(items.length) })
  const story: string[] = []
  if (failure) story.push(failureWords(failure).title)
  if (state === 'cancelled') story.push(t('job.cancelled', { done: String(done), all: String(items.length) }))
  else if (state === 'failed' && !failure)
    story.push(t('job.partly', { done: String(done), all: String(items.length) }))
  if (subject.kind === 'remove') {
    const { freed, promised } = subject
    if (freed !== undefined && done > 0)
      story.push(
        freed >= promised.min && freed <= promised.max
          ? t('job.freedAsPromised', { bytes: size(freed) })
          : t('job.freed', { bytes: size(freed), promised: bytesBetween(promised) }),
      )
    if (subject.undone) story.push(t('job.wasUndone'))
    else if (subject.copies) story.push(t('job.copies', { n: subject.copies.count, folder: subject.copies.folder }))
  }
  return story.join(' · ')
}

export function itemWords({ state, failure }: JobItem): string {
  if (failure) return failureWords(failure).title
  switch (state) {
    case 'waiting':
      return t('job.item.waiting')
    case 'running':
      return t('job.item.running')
    case 'done':
      return t('job.item.done')
    case 'kept':
      return t('job.item.kept')
    case 'failed':
      return t('job.item.failed')
    case 'unknown':
      return t('job.item.unknown')
  }
}
