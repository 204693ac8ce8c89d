/** Texts for a job: its title, progress and result. */
import { shortId } from '../../model/image/image.ts'
import type { ByteRange } from '../../model/layers/sizes.ts'
import { sumLayers } from '../../model/pull/progress.ts'
import type { Job, JobItem, JobSubject, PulledLayer } from '../../preload/contract/index.ts'
import { failureText } from '../ui/failure-text.ts'
import { sizeRange, joinNames, size, duration, t } from '../ui/i18n.svelte.ts'

export function titleOf({ subject, state, items }: Job): string {
  if (subject.kind === 'pull') return pullTitle(subject, state)
  if (subject.kind === 'daemon' && subject.mends) return t('job.daemon.mend')
  if (subject.kind === 'daemon') return subject.restores ? t('job.daemon.restore') : t('job.daemon')
  if (subject.kind === 'race')
    return state === 'done' ? t('job.raced', { image: subject.image }) : t('job.race', { image: subject.image })
  if (subject.kind === 'undo') return t(keyInTense(state, undoKeys), { n: subject.restores })
  if (subject.kind === 'build-cache') return t(keyInTense(state, cacheKeys), { n: items.length })
  if (subject.deletes === 0) return t(keyInTense(state, untagKeys), { n: subject.untags })
  return t(keyInTense(state, removalKeys), { n: subject.deletes })
}

const removalKeys = ['job.remove', 'job.removing', 'job.removed'] as const
const untagKeys = ['job.untag', 'job.untagging', 'job.untagged'] as const
const cacheKeys = ['job.cache', 'job.cache.running', 'job.cache.done'] as const
const undoKeys = ['job.putBack', 'job.undoing', 'job.undone'] as const

/** The message key for a job's state. A job that ended without completing its work gets the infinitive. */
const keyInTense = <Key>(state: Job['state'], [infinitive, present, past]: readonly [Key, Key, Key]): Key =>
  state === 'running' ? present : state === 'done' ? past : infinitive

/** One line below the title: the progress, or the result. */
export function summaryOf(job: Job): string {
  const { subject, state, items, failure } = job
  if (subject.kind === 'pull') return pullSummary(subject, job)
  const doneCount = items.filter((item) => item.state === 'done').length
  if (subject.kind === 'daemon') return daemonSummary(subject, job)
  if (subject.kind === 'race' && state === 'done') return raceSummary(subject)
  if (state === 'running' && subject.kind === 'remove' && subject.saving) {
    const { done: saved, all } = subject.saving
    return t('job.saving', { done: String(saved), all: String(all) })
  }
  if (state === 'running') return t('job.progress', { done: String(doneCount), all: String(items.length) })
  const summary: string[] = []
  if (failure) summary.push(failureText(failure).title)
  if (state === 'interrupted')
    summary.push(t('job.interrupted', { done: String(doneCount), all: String(items.length) }))
  if (state === 'cancelled') summary.push(t('job.cancelled', { done: String(doneCount), all: String(items.length) }))
  else if (state === 'failed' && !failure)
    summary.push(t('job.partly', { done: String(doneCount), all: String(items.length) }))
  if (subject.kind === 'build-cache' && doneCount > 0)
    summary.push(...freedSummary(subject.freed, { min: subject.promised, max: subject.promised }))
  if (subject.kind === 'remove' && doneCount > 0) summary.push(...freedSummary(subject.freed, subject.promised))
  if (subject.kind === 'remove') {
    if (subject.undone) summary.push(t('job.wasUndone'))
    else if (subject.copies) summary.push(t('job.copies', { n: subject.copies.count, folder: subject.copies.folder }))
  }
  return summary.join(' · ')
}

function freedSummary(freed: number | undefined, promised: ByteRange): string[] {
  if (freed === undefined) return []
  return freed >= promised.min && freed <= promised.max
    ? [t('job.freedAsPromised', { bytes: size(freed) })]
    : [t('job.freed', { bytes: size(freed), promised: sizeRange(promised) })]
}

function raceSummary({ works = 0, of = 0, fastest = '' }: Extract<JobSubject, { kind: 'race' }>): string {
  const all = String(of)
  return works > 0 ? t('job.race.works', { works: String(works), of: all, fastest }) : t('job.race.none', { of: all })
}

function daemonSummary(subject: Extract<JobSubject, { kind: 'daemon' }>, { state, failure }: Job): string {
  const { mirrors, restores, mends, atStart } = subject
  if (failure) return failureText(failure).title
  if (state === 'running') return t('job.daemon.running')
  if (state === 'interrupted') return t('job.daemon.interrupted')
  if (mends) return atStart ? t('job.daemon.mended') : t('daemon.mendedRunning')
  if (restores) return atStart ? t('daemon.restoredDown') : t('daemon.restored')
  return mirrors.length > 0 ? t('job.daemon.asks', { mirrors: joinNames(mirrors) }) : t('job.daemon.none')
}

type Pull = Extract<JobSubject, { kind: 'pull' }>

function pullTitle({ reference, platform }: Pull, state: Job['state']): string {
  if (state === 'done') return t('job.pulled', { reference })
  return platform === undefined ? t('job.pull', { reference }) : t('job.pull.for', { reference, platform })
}

function pullSummary(subject: Pull, { state, items, failure }: Job): string {
  if (state === 'running') return items[0]?.state === 'waiting' ? t('job.pull.queued') : pullProgress(subject)
  const reason = failure ?? items[0]?.failure
  if (reason) return failureText(reason).title
  if (state === 'cancelled') return t('job.pull.cancelled')
  if (state === 'interrupted') return t('job.pull.interrupted')
  const { result } = subject
  if (!result) return ''
  const summary = [shortId(result.digest ?? result.image)]
  if (!result.isNew) summary.push(t('job.pull.upToDate'))
  else if (result.cost !== undefined) summary.push(t('job.pull.cost', { bytes: size(result.cost) }))
  return summary.join(' · ')
}

function pullProgress({ layers, speed, left }: Pull): string {
  const { downloaded, total, unknown } = sumLayers(layers)
  if (layers.length === 0) return t('job.pull.asking')
  if (unknown === 0 && downloaded >= total) return t('job.pull.extracting')
  const done = size(downloaded)
  return [
    unknown === 0 ? t('job.pull.of', { done, total: size(total) }) : t('job.pull.soFar', { done }),
    speed !== undefined && t('job.pull.speed', { bytes: size(speed) }),
    left !== undefined && t('job.pull.left', { time: duration(left) }),
  ]
    .filter((part) => part !== false)
    .join(' · ')
}

/** The state of a layer during a pull. */
export function layerText(state: PulledLayer['state']): string {
  switch (state) {
    case 'waiting':
      return t('job.layer.waiting')
    case 'downloading':
      return t('job.layer.downloading')
    case 'downloaded':
      return t('job.layer.downloaded')
    case 'extracting':
      return t('job.layer.extracting')
    case 'done':
      return t('job.layer.done')
    case 'exists':
      return t('job.layer.exists')
  }
}

/** The state of an item or, if the item failed, the reason. */
export function itemText({ state, failure }: JobItem): string {
  if (failure) {
    const { title, hint } = failureText(failure)
    // For this code the hint is Docker's own reason.
    return failure.code === 'engine-refused' ? hint : title
  }
  switch (state) {
    case 'waiting':
      return t('job.item.waiting')
    case 'running':
      return t('job.item.running')
    case 'done':
      return t('job.item.done')
    case 'skipped':
      return t('job.item.skipped')
    case 'failed':
      return t('job.item.failed')
    case 'unknown':
      return t('job.item.unknown')
  }
}
