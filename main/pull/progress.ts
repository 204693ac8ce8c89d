/** What a pull's job tells of it while it goes on: its layers, how fast they come, how long it still takes. */
import { leftOf, sampled, speedOf, wholeOf, type PullState, type Sample } from '../../model/pull/progress.ts'
import type { Working } from '../jobs/index.ts'

/** In milliseconds: where nothing comes any more, nothing is said either, and still the speed sinks. */
const beat = 500

export function progressOf(job: Working) {
  let whole = wholeOf([])
  let samples: readonly Sample[] = []
  let pulse: NodeJS.Timeout | undefined

  function tellSpeed() {
    const now = performance.now() / 1000
    // Nothing is left to be downloaded.
    const over = whole.unknown === 0 && whole.downloaded >= whole.total
    job.subject({
      speed: over ? undefined : speedOf(samples, now),
      left: over ? undefined : leftOf(whole, samples, now),
    })
  }

  return {
    tell({ layers }: PullState) {
      whole = wholeOf(layers)
      const now = performance.now() / 1000
      const last = samples.at(-1)
      if (!last || now - last.at >= 0.1) samples = sampled(samples, { at: now, bytes: whole.downloaded })
      job.subject({ layers: [...layers] })
      pulse ??= setInterval(tellSpeed, beat)
    },
    end() {
      clearInterval(pulse)
      job.subject({ speed: undefined, left: undefined })
    },
  }
}
