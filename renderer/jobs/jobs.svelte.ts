/** Running and ended jobs, kept in sync with main. */
import type { Job, JobId } from '../../preload/contract/index.ts'
import { engine } from '../engine/engine.svelte.ts'
import { screens } from '../ui/screens.svelte.ts'
import { notices } from '../ui/notice.svelte.ts'
import { t } from '../ui/i18n.svelte.ts'
import { summaryOf, titleOf } from './job-text.ts'

class Jobs {
  /** Newest first. */
  all = $state.raw<readonly Job[]>([])
  readonly running = $derived(this.all.filter(({ state }) => state === 'running'))
  /** Whether images are being removed, or were removed in the last 3 s: the engine's events may arrive later. */
  get isRemoving(): boolean {
    const recentSince = Date.now() / 1000 - 3
    return this.all.some(({ subject, ended }) => subject.kind === 'remove' && (ended ?? Infinity) > recentSince)
  }
  readonly ended = $derived(this.all.filter(({ state }) => state !== 'running'))

  async load() {
    slipway.on('jobs.changed', (job) => this.#update(job))
    slipway.on('jobs.cleared', (ids) => (this.all = this.all.filter(({ id }) => !ids.includes(id))))
    const answer = await slipway.call('jobs.list')
    if (answer.ok) this.all = answer.value
  }

  #update(job: Job) {
    const index = this.all.findIndex(({ id }) => id === job.id)
    // A notice announces the result unless the screen Mirrors shows it. An unknown job counts as running: it may have
    // been too short to be seen running.
    const isResultVisible = screens.current === 'mirrors' && ['race', 'daemon'].includes(job.subject.kind)
    if (!isResultVisible && job.state !== 'running' && (this.all[index]?.state ?? 'running') === 'running') {
      const [title, summary] = [titleOf(job), summaryOf(job)]
      notices.show(summary ? t('job.notice', { title, story: summary }) : title)
    }
    this.all = index < 0 ? [job, ...this.all] : this.all.with(index, job)
  }

  cancel(id: JobId) {
    void slipway.call('jobs.cancel', id)
  }

  clear() {
    void slipway.call('jobs.clear')
  }
}

export const jobs = new Jobs()

/** @returns the engine of the job if it is not the current engine */
export const otherEngineOf = (job: Job): Job['engine'] =>
  job.engine && job.engine.endpoint !== engine.state.context?.endpoint ? job.engine : undefined
