/** Pulling images. */
import * as v from 'valibot'
import { call, type } from './define.ts'
import type { JobId } from './jobs.ts'

const reference = v.pipe(v.string(), v.nonEmpty(), v.maxLength(400))
const platform = v.pipe(v.string(), v.maxLength(100), v.regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9_.]+)?$/))

export const calls = {
  /**
   * Fails with `reference-unknown` if the registry reports that the image does not exist; other registry errors are
   * ignored. `platform`: the platform to pull, such as `linux/arm64`; by default the engine's. `skipSpaceCheck`: pull
   * even if the disk seems too full; otherwise such a pull's job fails with `pull-no-space` before the download starts.
   */
  'pull.start': call(
    v.object({ reference, platform: v.exactOptional(platform), skipSpaceCheck: v.exactOptional(v.boolean()) }),
    type<JobId>(),
  ),
}
