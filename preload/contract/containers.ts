/** Actions on the containers of an image. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { call, type } from './define.ts'
import { containerId } from './ids.ts'

/** What removing a container loses. */
export interface RemovalImpact {
  readonly running: boolean
  /** Size of the container's writable layer, without volumes. */
  readonly changes: Bytes
  /** Anonymous volumes that no other container uses. They are removed with the container. */
  readonly volumes: readonly string[]
  /** Whether the container was run with `--rm`, so that stopping the container removes it. */
  readonly removesItself: boolean
}

export interface ExitReport {
  readonly exitCode: number
  /** The last lines of the container's output. */
  readonly lines: string
}

export const calls = {
  'containers.start': call(containerId, type<void>()),
  'containers.stop': call(containerId, type<void>()),
  /** The exit code and last output of a container that has ended. */
  'containers.exitReport': call(containerId, type<ExitReport>()),
  /** What removing the container would lose. */
  'containers.removalImpact': call(containerId, type<RemovalImpact>()),
  /**
   * Removes a stopped container and its anonymous volumes. `volumes`: those that were shown to the user. Fails with
   * `container-changed` if the removal would delete others.
   */
  'containers.remove': call(
    v.object({
      container: containerId,
      volumes: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(1000), v.readonly()),
    }),
    type<void>(),
  ),
  /** URLs of the container's published TCP ports. */
  'containers.addresses': call(containerId, type<readonly string[]>()),
  /** Opens one of the URLs of `containers.addresses` in the browser. Fails with `bad-input` for any other URL. */
  'containers.openPage': call(
    v.object({ container: containerId, url: v.pipe(v.string(), v.maxLength(300)) }),
    type<void>(),
  ),
}
