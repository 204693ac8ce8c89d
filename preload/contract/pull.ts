/** Bringing images in. */
import * as v from 'valibot'
import { call, type } from './define.ts'
import type { JobId } from './jobs.ts'

const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))
const platform = v.pipe(v.string(), v.regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9_.]+)?$/))

export const calls = {
  /**
   * Fails with `reference-unknown` if the registry says that it has no such image; other answers of the registry do not
   * count. `platform` only where another than the engine's own is wished for, as `linux/arm64`. `anyway`: also if the disk seems
   * too full for it; without, such a pull fails with `pull-no-room` before anything is fetched.
   */
  'pull.start': call(
    v.object({ reference, platform: v.exactOptional(platform), anyway: v.exactOptional(v.boolean()) }),
    type<JobId>(),
  ),
}
