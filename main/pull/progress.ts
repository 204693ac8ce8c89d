/** Updates a pull's job with its progress: layers, download speed and remaining time. */
import {
  addSample,
  recentSpeed,
  remainingSeconds,
  sumLayers,
  type PullState,
  type Sample,
} from '../../model/pull/progress.ts'
import type { JobContext } from '../jobs/index.ts'

/** The speed is updated by a timer, because a stalled download sends no progress. */
const speedIntervalMs = 500

export function progressReporter(job: JobContext) {
  let totals = sumLayers([])
  let samples: readonly Sample[] = []
  let timer: NodeJS.Timeout | undefined

  function updateSpeed() {
    const now = performance.now() / 1000
    const isDownloaded = totals.unknown === 0 && totals.downloaded >= totals.total
    job.updateSubject({
      speed: isDownloaded ? undefined : recentSpeed(samples, now),
      left: isDownloaded ? undefined : remainingSeconds(totals, samples, now),
    })
  }

  return {
    update({ layers }: PullState) {
      totals = sumLayers(layers)
      const now = performance.now() / 1000
      const last = samples.at(-1)
      if (!last || now - last.at >= 0.1) samples = addSample(samples, { at: now, bytes: totals.downloaded })
      job.updateSubject({ layers: [...layers] })
      timer ??= setInterval(updateSpeed, speedIntervalMs)
    },
    end() {
      clearInterval(timer)
      job.updateSubject({ speed: undefined, left: undefined })
    },
  }
}
