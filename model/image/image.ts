/** Images and containers of an engine. */

/**
 * `sha256:` and 64 hexadecimal digits. The digest of the config (classic store), or of the manifest or index
 * (containerd).
 */
export type ImageId = string
export type ContainerId = string
/** `repository:tag` in Docker's familiar form, without `docker.io/library/`. */
export type Reference = string
/** A number of bytes. Displayed in decimal units, as Docker does: 1 kB is 1,000 bytes. */
export type Bytes = number
/** Seconds since 1970, UTC. */
export type UnixTime = number

export interface Image {
  readonly id: ImageId
  readonly references: readonly Reference[]
  /**
   * `repository@digest`, as pulled or pushed. The containerd store derives one for each tag from the image id, and does
   * not always return the same ones, so with this store only the digests of untagged images are included.
   */
  readonly digests: readonly string[]
  /** Creation date of the image, not of the pull; 0 if the builder wrote none. */
  readonly created: UnixTime
  /** The size that `docker images` shows, including bytes shared with other images. */
  readonly size: Bytes
  /** Set if the engine does not report the size. `size` is then 0. */
  readonly sizeUnknown?: true
  /** The parent image, as recorded by the classic builder or by `docker commit`. */
  readonly parent?: ImageId
  /**
   * Set if the image cannot be read: the engine's error message, or the malformed part of its reply. The other fields have
   * the values that could be read, or those that were read last.
   */
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

/** Whether the container must be stopped before it can be removed. */
export const isRunning = ({ state }: Pick<Container, 'state'>): boolean =>
  state === 'running' || state === 'paused' || state === 'restarting'

/** A row of `docker images`: one for each tag of an image, or a single row without a tag. */
export interface ImageRow {
  readonly image: Image
  readonly repository: string | undefined
  readonly tag: string | undefined
}

/** @returns a key for the row that does not change when the image's other tags change */
export const rowKey = ({ image, repository, tag }: ImageRow): string => `${image.id} ${repository ?? ''}:${tag ?? ''}`

/** Whether the image has no tag. As in Docker, an image that has only a digest is dangling, too. */
export const isDangling = (image: Image): boolean => image.references.length === 0

export const shortId = (id: ImageId): string => id.replace(/^sha256:/, '').slice(0, 12)

/** Splits `host:port/path:tag`. A colon before the last slash belongs to the host. */
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
 * @returns the images that `docker images` shows: all except untagged parents, which are intermediate build steps
 * @see moby daemon/images/images.go, `Images`
 */
export function listed(images: readonly Image[]): Image[] {
  const parents = new Set(images.map((image) => image.parent))
  return images.filter((image) => !isDangling(image) || image.digests.length > 0 || !parents.has(image.id))
}
