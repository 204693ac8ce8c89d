/** Images and containers as an engine knows them. */

/** `sha256:` and 64 hexadecimal digits. Classic store: the config's digest; containerd store: the manifest's or index's. */
export type ImageId = string
export type ContainerId = string
/** `repository:tag`, as Docker shows it: familiar, so without `docker.io/library/`. */
export type Reference = string
/** Decimal: 1 kB is 1,000 bytes, as Docker prints. */
export type Bytes = number
/** Seconds since 1970, UTC. */
export type UnixTime = number

export interface Image {
  readonly id: ImageId
  readonly references: readonly Reference[]
  /**
   * `repository@digest`, as pulled or pushed. The containerd store makes up one for each tag out of the image's own
   * id, and not always the same ones: there only those of untagged images are kept.
   */
  readonly digests: readonly string[]
  /** The image's own date, not the pull's. Some builders write none: 0. */
  readonly created: UnixTime
  /** What `docker images` shows: everything the image holds, whoever else holds it too. */
  readonly size: Bytes
  /** The engine does not know the size; `size` is 0 then, so that sums count the image as nothing. */
  readonly sizeUnknown?: true
  /** The classic builder's record of which image this one was built upon. */
  readonly parent?: ImageId
  /** Why the engine's answer about this image cannot be read, in its own words; the other facts are as last known. */
  readonly unreadable?: string
}

export const containerStates = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const
export type ContainerState = (typeof containerStates)[number]

export interface Container {
  readonly id: ContainerId
  readonly name: string
  readonly image: ImageId
  readonly state: ContainerState
  readonly created: UnixTime
}

/** Its program has not ended: it is to be stopped before the container can be removed. */
export const runs = ({ state }: Pick<Container, 'state'>): boolean =>
  state === 'running' || state === 'paused' || state === 'restarting'

/** One line of `docker images`: an image has one for each of its tags, or a single one without a tag. */
export interface ImageRow {
  readonly image: Image
  readonly repository: string | undefined
  readonly tag: string | undefined
}

/** What a row is known by while its image changes under it. */
export const rowKey = ({ image, repository, tag }: ImageRow): string => `${image.id} ${repository ?? ''}:${tag ?? ''}`

/** No tag names it: Docker's own meaning of *dangling*, also where a digest is left. */
export const isDangling = (image: Image): boolean => image.references.length === 0

export const shortId = (id: ImageId): string => id.replace(/^sha256:/, '').slice(0, 12)

/** Splits `host:port/path:tag`: a colon before the last slash belongs to the host. */
export function splitReference(reference: Reference): { readonly repository: string; readonly tag: string } {
  const colon = reference.lastIndexOf(':')
  return colon > reference.lastIndexOf('/')
    ? { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { repository: reference, tag: 'latest' }
}

export function rowsOf(image: Image): ImageRow[] {
  if (!isDangling(image)) return image.references.map((reference) => ({ image, ...splitReference(reference) }))
  const repository = image.digests[0]?.split('@')[0]
  return [{ image, repository: repository === '<none>' ? undefined : repository, tag: undefined }]
}

/**
 * The images that `docker images` shows of all that there are: an untagged one on which another was built is an
 * intermediate step of that build. Source: moby daemon/images/images.go, `Images`.
 */
export function listed(images: readonly Image[]): Image[] {
  const parents = new Set(images.map((image) => image.parent))
  return images.filter((image) => !isDangling(image) || image.digests.length > 0 || !parents.has(image.id))
}
