/** The few things that are done with containers where their image is. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { call, type } from './define.ts'
import { containerId } from './ids.ts'

/** What is lost with a container. */
export interface ContainerLoss {
  readonly running: boolean
  /** What it wrote, beside its volumes. */
  readonly changes: Bytes
  /** Those without a name that nobody else uses: they go with it. */
  readonly volumes: readonly string[]
  /** It was run with `--rm`: it goes when it is stopped. */
  readonly removesItself: boolean
}

export interface ContainerEnding {
  readonly exitCode: number
  /** The last that it said. */
  readonly lines: string
}

export const calls = {
  'containers.start': call(containerId, type<void>()),
  'containers.stop': call(containerId, type<void>()),
  /** Of one that has ended. */
  'containers.ending': call(containerId, type<ContainerEnding>()),
  'containers.loss': call(containerId, type<ContainerLoss>()),
  /** With the volumes that the user was told of, and no others. */
  'containers.remove': call(
    v.object({
      container: containerId,
      volumes: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(1000), v.readonly()),
    }),
    type<void>(),
  ),
  /** Addresses of its published tcp ports, as a browser takes them. */
  'containers.addresses': call(containerId, type<readonly string[]>()),
  /** Opens one of exactly those. */
  'containers.openPage': call(
    v.object({ container: containerId, url: v.pipe(v.string(), v.maxLength(300)) }),
    type<void>(),
  ),
}
