/** Maps an engine's error message of a pull to a failure. What a registry said is in `registry/engine-messages`. */
import { readEngineMessage, storeFaults } from '../../model/pull/engine-message.ts'
import type { Failure } from '../../preload/contract/index.ts'
import { registryFailureOf } from '../registry/index.ts'

export interface PullDetails {
  readonly reference: string
  /** The registry of the reference: `docker.io` even if a mirror responded. */
  readonly host: string
  readonly platform: string
}

type ErrorPattern = readonly [pattern: RegExp, failure: (pull: PullDetails, match: RegExpExecArray) => Failure]

const corrupt = ({ reference }: PullDetails): Failure => ({ code: 'pull-corrupt', reference })

/**
 * What the engine says about the image and its own disk. c: classic store, d: containerd; all seen on 20.10, 26.1 and
 * 28.5, except those marked *read*. The first match wins.
 */
const patterns: readonly ErrorPattern[] = [
  [storeFaults.diskFull, () => ({ code: 'pull-disk-full' })],
  [storeFaults.idsMissing, ({ reference }) => ({ code: 'engine-ids-missing', reference })],
  // c: distribution/pull_v2.go; d: containerd images/image.go; 26.1 c: image/store.go after the pull. The last: Podman,
  // containers/image manifest (read).
  [
    /no matching manifest for|no match for platform in manifest|does not match the specified platform|does not provide the specified platform|no image found in (?:image index|manifest list) for architecture/,
    ({ reference, platform }) => ({ code: 'platform-missing', reference, platform }),
  ],
  // c: image/store.go (read).
  [
    /image operating system "(\w+)" cannot be used on this platform/,
    ({ reference }, [, system]) => ({ code: 'image-system', reference, system: system! }),
  ],
  // In order: d 2.x; c 28; d 2.0; a registry's manifest (read).
  [
    /is no longer supported since containerd|manifest version 2, schema 1 support|schema 1 image manifests are no longer supported|manifest\.v1\+(?:prettyjws|json)/,
    ({ reference }) => ({ code: 'image-format-old', reference }),
  ],
  // c: distribution/pull_v2.go and layer download (read); d: containerd content/helpers.go (read).
  [
    /(?:filesystem layer|manifest|image(?: config)?) verification failed|unexpected commit (?:digest|size)|failed size validation|invalid tar header/,
    corrupt,
  ],
  // Go's compress/flate and compress/gzip, while a layer is unpacked (read).
  [/flate: corrupt input|gzip: invalid (?:header|checksum)/, corrupt],
  // c: the layer has its digest, but ends early when it is unpacked (read).
  [/failed to register layer: .*unexpected EOF/, corrupt],
  [/invalid reference format/, ({ reference }) => ({ code: 'reference-invalid', reference })],
]

/** The URL of a request before the first layer. */
const isFirstRequest = /https?:\/\/\S*(?:\/v2\/?|\/manifests\/[^\s"/]+|\/token)"?: /

/** Maps an engine's error message to a failure; `engine-refused` if it is not understood. */
export function pullFailure(message: string, pull: PullDetails): Failure {
  const read = readEngineMessage(message, pull.host)
  for (const [pattern, failure] of patterns) {
    const match = pattern.exec(read.text)
    if (match) return failure(pull, match)
  }
  // What else fails while a layer is unpacked is a fault of this computer, not of a registry. And a registry that has the
  // image only in a format that the engine does not ask for says so in a "manifest unknown" (read).
  const isAboutEngine = /failed to (?:register|extract) layer\b|accept header does not support OCI/i.test(read.text)
  const failure = isAboutEngine ? undefined : registryFailureOf(read, pull.reference)
  if (failure?.code === 'registry-unreachable' && failure.reason === 'cut' && !isFirstRequest.test(read.detail))
    return { ...failure, downloading: true }
  return failure ?? { code: 'engine-refused', detail: read.detail }
}
