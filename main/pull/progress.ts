/** Updates a pull's job with its progress: layers, download speed and remaining time. */
import {
  addSample,
  recentSpeed,
  remainingSeconds,
  wholeOf,
  type PullState,
  type Sample,
} from '../../model/pull/progress.ts'
import type { JobContext } from '../jobs/index.ts'

/** The speed is updated by a timer, because a stalled download sends no progress. */
const speedIntervalMs = 500

export function progressReporter(job: JobContext) {
  let whole = wholeOf([])
  let samples: readonly Sample[] = []
  let timer: NodeJS.Timeout | undefined

  function updateSpeed() {
    const now = performance.now() / 1000
    const isDownloaded = whole.unknown === 0 && whole.downloaded >= whole.total
    job.subject({
      speed: isDownloaded ? undefined : recentSpeed(samples, now),
      left: isDownloaded ? undefined : remainingSeconds(whole, samples, now),
    })
  }

  return {
    update({ layers }: PullState) {
      whole = wholeOf(layers)
      const now = performance.now() / 1000
      const last = samples.at(-1)
      if (!last || now - last.at >= 0.1) samples = addSample(samples, { at: now, bytes: whole.downloaded })
      job.subject({ layers: [...layers] })
      timer ??= setInterval(updateSpeed, speedIntervalMs)
    },
    end() {
      clearInterval(timer)
      job.subject({ speed: undefined, left: undefined })
    },
  }
}
